FROM node:22-slim AS web
WORKDIR /opt/modplane
COPY package.json package-lock.json .npmrc tsconfig.json ./
COPY clients clients
COPY examples examples
COPY web web
RUN npm ci --ignore-scripts --workspace web --workspace clients/typescript \
 && npm run build --workspace web

FROM python:3.13-slim AS build
WORKDIR /opt/modplane
COPY requirements-runtime.lock ./
RUN python -m venv --without-pip venv \
 && python -m pip --python venv/bin/python install --quiet --no-cache-dir --disable-pip-version-check \
      --no-compile --no-deps --only-binary :all: --require-hashes -r requirements-runtime.lock
COPY src src
COPY migrations migrations
COPY seeds seeds
COPY schemas schemas
# The code expects migrations and schemas beside src/, so it is run from there and not installed.
RUN printf '#!/opt/modplane/venv/bin/python\nfrom app.cli.main import main\n\nmain()\n' > venv/bin/modplane \
 && chmod 755 venv/bin/modplane \
 && python -m compileall -q venv/lib src migrations

FROM python:3.13-slim AS service
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore pip \
 && useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin modplane
COPY --from=build /opt/modplane /opt/modplane
COPY --from=web /opt/modplane/web/dist /opt/modplane/web
ENV PATH=/opt/modplane/venv/bin:$PATH \
    PYTHONPATH=/opt/modplane/src \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MODPLANE_HTTP_HOST=0.0.0.0 \
    MODPLANE_HTTP_PORT=8000 \
    MODPLANE_WEB=/opt/modplane/web
WORKDIR /opt/modplane
# A number, so that Kubernetes can verify that it is not root.
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["modplane"]
CMD ["serve"]
