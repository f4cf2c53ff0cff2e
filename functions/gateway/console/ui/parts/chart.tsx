/** Lines over time. Each has a look of its own besides its colour, and the chart stands beside a table that says the same. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import '../look/chart.css';
import { colorOf } from './color.ts';
import { useTheme } from './use-media.ts';
import { useWidth } from './use-size.ts';

export interface Line {
  readonly name: string;
  /** The class that gives its colour. */
  readonly look: string;
  /** Lengths of strokes and gaps in CSS pixels; none is a whole line. */
  readonly dash?: readonly number[];
}

export interface ChartProps {
  readonly title: string;
  readonly lines: readonly Line[];
  /** Times in seconds since 1970, and for each line its values; null interrupts it. */
  readonly columns: readonly [readonly number[], ...(readonly (number | null)[])[]];
  /** From when to when, in seconds since 1970. */
  readonly range: readonly [number, number];
  readonly format: (value: number) => string;
  /** The axis of values reaches at least so far. */
  readonly atLeast: number;
  /** What is said while there is nothing to draw. */
  readonly empty: string;
}

const HEIGHT = 190;
const LOST = 'What draws the lines could not be loaded. Load this page again, or look at the table.';
/** Marks on the axis of time are that far from each other, in seconds. */
const MINUTES = [60, 120, 300] as const;

export function Chart({ title, lines, columns, range, format, atLeast, empty }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const width = useWidth(box);
  const theme = useTheme();
  const [at, setAt] = useState<number | null>(null);
  const [isLost, setLost] = useState(false);
  const props = useRef({ columns, range, format });
  props.current = { columns, range, format };
  const names = lines.map(({ name }) => name).join();

  useEffect(() => {
    const { current } = box;
    if (current === null || width === null) return undefined;
    let isOver = false;
    const draw = ({ default: UPlot }: { default: typeof uPlot }) => {
      if (isOver) return;
      setLost(false);
      const range = () => [...props.current.range] as [number, number];
      const options = optionsOf({
        width,
        lines,
        box: current,
        setAt,
        range,
        atLeast,
        format: (v) => props.current.format(v),
      });
      plot.current = new UPlot(options, dataOf(props.current.columns), current);
    };
    import('uplot').then(draw, () => setLost(true));
    return () => {
      isOver = true;
      plot.current?.destroy();
      plot.current = null;
    };
    // The lines are the same while their names are.
  }, [width, theme, names]);

  useEffect(() => plot.current?.setData(dataOf(columns)), [columns, range]);

  const index = at ?? columns[0].length - 1;
  const hasValues = columns.slice(1).some((column) => column.some((value) => value !== null && value > 0));
  return (
    <figure class="chart">
      <figcaption class="chart-head">
        <h2>{title}</h2>
        <ul class="chart-legend">
          {lines.map(({ name, look, dash = [] }, n) => {
            const value = columns[n + 1]?.[index];
            return (
              <li key={name}>
                <svg class={look} width="22" height="8" aria-hidden="true">
                  <path d="M0 4H22" stroke="currentColor" stroke-width="2" stroke-dasharray={dash.join(' ')} />
                </svg>
                {name}
                <span class="number chart-value">{value === null || value === undefined ? '–' : format(value)}</span>
              </li>
            );
          })}
        </ul>
      </figcaption>
      <div class="chart-box" ref={box} aria-hidden="true">
        {(isLost || !hasValues) && <p class="chart-empty quiet">{isLost ? LOST : empty}</p>}
      </div>
    </figure>
  );
}

function dataOf(columns: ChartProps['columns']): uPlot.AlignedData {
  const [times, ...values] = columns;
  return [[...times], ...values.map((column) => [...column])];
}

interface Drawn {
  readonly width: number;
  readonly lines: readonly Line[];
  readonly box: HTMLElement;
  readonly setAt: (index: number | null) => void;
  readonly range: () => [number, number];
  readonly atLeast: number;
  readonly format: (value: number) => string;
}

function optionsOf({ width, lines, box, setAt, range, atLeast, format }: Drawn): uPlot.Options {
  const quiet = colorOf(box, 'quiet');
  const rule = colorOf(box, 'in-rule');
  const font = `12px ${getComputedStyle(box).fontFamily}`;
  const axis = { stroke: quiet, font, grid: { stroke: rule, width: 1 }, ticks: { show: false } };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    padding: [8, 8, 0, 0],
    scales: {
      x: { time: true, range },
      y: { range: (_plot, _min, max) => [0, Math.max((max ?? 0) * 1.15, atLeast)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        values: (_plot, times) => times.map(clockTime),
        incrs: [...MINUTES],
        space: 48,
        size: 30,
      },
      {
        ...axis,
        values: (_plot, values) => values.map((value) => (value === 0 ? '0' : format(value))),
        size: 60,
        space: 40,
      },
    ],
    series: [
      {},
      ...lines.map(({ name, look, dash }) => ({
        label: name,
        stroke: colorOf(box, look),
        width: 2,
        points: { size: 5, filter: alone },
        ...(dash === undefined ? {} : { dash: [...dash] }),
      })),
    ],
    hooks: { setCursor: [({ cursor }) => setAt(cursor.idx ?? null)] },
  };
}

/** The values with none beside them: no line would show them. */
function alone({ data }: uPlot, line: number): number[] {
  const values = [...(data[line] ?? [])];
  return values.flatMap((value, n) =>
    (value ?? null) !== null && (values[n - 1] ?? null) === null && (values[n + 1] ?? null) === null ? [n] : [],
  );
}

function clockTime(seconds: number): string {
  return new Date(seconds * 1_000).toLocaleTimeString('en-GB').slice(0, 5);
}
