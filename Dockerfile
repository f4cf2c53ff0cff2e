# One image for every function: the argument after main.js names the function, none runs them all in one process.

# The full image has the compiler that better-sqlite3 needs where no prebuilt binary can be fetched.
FROM node:20.20.2-bookworm AS build
WORKDIR /app
ENV YARN="npx -y @yarnpkg/cli-dist@4.18.1"
COPY package.json yarn.lock .yarnrc.yml .npmrc ./
RUN $YARN install --immutable
COPY tsconfig.json ./
COPY saga saga
COPY shared shared
COPY functions functions
COPY seed seed
COPY e2e e2e
RUN node node_modules/typescript/bin/tsc -p . \
 && node shared/tools/build-server.mjs \
 && node shared/tools/compile-server.mjs \
 && node shared/tools/build-console.mjs
RUN $YARN workspaces focus --production

FROM node:20.20.2-bookworm-slim
WORKDIR /app
# A named volume takes over the owner of the folder it is mounted on, so the folders must be there.
RUN mkdir -p /data/order /data/inventory /data/notification /data/topics && chown -R node:node /data
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/data HEALTH_URL=http://127.0.0.1:8900/livez
VOLUME /data
EXPOSE 8900 8901 8902 8903
USER node
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(process.env.HEALTH_URL).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/functions/main.js"]
