FROM python:3.13-slim

# The wheel of LightGBM wants the system's OpenMP.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app

# Packages first: they change less often than our code, and then their layer is kept.
COPY requirements.lock .
RUN pip install --no-cache-dir --no-deps --only-binary :all: --require-hashes -r requirements.lock

COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . \
    && useradd --system --no-create-home sabiscore \
    && install -d -o sabiscore /var/cache/sabiscore

ENV OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    NUMBA_CACHE_DIR=/var/cache/sabiscore
USER sabiscore
# Compiles what forecasts, so that no container does so when it starts.
RUN sabiscore models verify champion
ENTRYPOINT ["sabiscore"]
CMD ["--help"]
