/** Messages as dots that go their way on the map. */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { CommittedBody } from '../../../../../shared/runtime/inspect/stream-representation.ts';
import { type Curve, pointOn } from '../drawing/curve.ts';
import { waysOf } from '../drawing/dot-ways.ts';
import type { MapLayout } from '../drawing/lane-layout.ts';
import type { SagaGraph } from '../drawing/saga-graph.ts';
import { useLiveMessages } from '../live/use-live.ts';
import { colorOf } from '../parts/color.ts';
import { useTheme } from '../parts/use-media.ts';

const DOTS_MAX = 200;
const RADIUS = 3;
const PX_PER_MS = 0.28;
const SHORTEST_MS = 450;
/** Messages come in batches; their dots do not. */
const SPREAD_MS = 100;
/** The types of this many messages are remembered, to know what a message was caused by. */
const TYPES_MAX = 4_000;

interface Dot {
  readonly curve: Curve;
  readonly look: string;
  readonly startMs: number;
  readonly lastsMs: number;
}

const troubles: Readonly<Record<CommittedBody['outcome'], string | null>> = {
  handled: null,
  duplicate: 'quiet',
  parked: 'is-wait',
  dead: 'is-bad',
  refused: 'is-bad',
};

export function Dots({ graph, layout }: { readonly graph: SagaGraph; readonly layout: MapLayout }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  const ways = useMemo(
    () => new Map(layout.ways.map(({ edge, curve }) => [edge.id, { curve, look: `of-${edge.by}` }])),
    [layout],
  );
  const dots = useRef<Dot[]>([]);
  const types = useRef(new Map<string, string>());
  const frame = useRef<number | null>(null);
  const colors = useRef(new Map<string, string>());

  useEffect(() => colors.current.clear(), [theme]);
  useEffect(() => {
    dots.current = [];
  }, [ways]);
  useEffect(() => () => cancelAnimationFrame(frame.current ?? 0), []);

  const draw = () => {
    frame.current = null;
    const { current } = canvas;
    const context = current?.getContext('2d') ?? null;
    if (current === null || context === null) return;
    const nowMs = performance.now();
    dots.current = dots.current.filter(({ startMs, lastsMs }) => nowMs < startMs + lastsMs);
    paint(context, dots.current, nowMs, (look) => {
      const color = colors.current.get(look) ?? colorOf(current, look);
      colors.current.set(look, color);
      return color;
    });
    if (dots.current.length > 0) frame.current = requestAnimationFrame(draw);
  };

  useLiveMessages(({ messages }) => {
    const nowMs = performance.now();
    for (const [n, message] of messages.entries()) {
      remember(types.current, message);
      for (const id of waysOf(graph, message, (cause) => types.current.get(cause))) {
        const way = ways.get(id);
        if (way === undefined || dots.current.length >= DOTS_MAX) continue;
        dots.current.push({
          curve: way.curve,
          look: troubles[message.outcome] ?? way.look,
          startMs: nowMs + (n / messages.length) * SPREAD_MS,
          lastsMs: Math.max(way.curve.length / PX_PER_MS, SHORTEST_MS),
        });
      }
    }
    // A hidden page draws nothing, and its dots are old when it is seen again.
    if (document.hidden) dots.current = [];
    else frame.current ??= requestAnimationFrame(draw);
  });

  const scale = devicePixelRatio;
  return (
    <div class="map-dots" aria-hidden="true">
      <canvas
        ref={canvas}
        width={Math.round(layout.width * scale)}
        height={Math.round(layout.height * scale)}
        style={{ width: `${layout.width}px`, height: `${layout.height}px` }}
      />
    </div>
  );
}

function remember(types: Map<string, string>, { id, type }: CommittedBody): void {
  types.set(id, type);
  if (types.size <= TYPES_MAX) return;
  for (const [oldest] of types) {
    types.delete(oldest);
    return;
  }
}

function paint(
  context: CanvasRenderingContext2D,
  dots: readonly Dot[],
  nowMs: number,
  colorFor: (look: string) => string,
): void {
  const scale = devicePixelRatio;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  for (const { curve, look, startMs, lastsMs } of dots) {
    if (nowMs < startMs) continue;
    const { x, y } = pointOn(curve, (nowMs - startMs) / lastsMs);
    context.fillStyle = colorFor(look);
    context.beginPath();
    context.arc(x, y, RADIUS, 0, 2 * Math.PI);
    context.fill();
  }
}
