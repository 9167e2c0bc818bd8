# The engine as an image: docker build -t sallyport .
# Two stages: one with compiler and headers builds the binary, the other keeps only what runs.

FROM debian:bookworm-slim AS build
WORKDIR /src
# First the packages alone: a change of the sources does not install them again.
COPY tools/setup tools/lib.sh tools/
RUN tools/setup --build
COPY . .
RUN cmake --preset release -DSALLYPORT_BUILD_TESTS=OFF -DSALLYPORT_BUILD_BENCHMARKS=OFF \
 && cmake --build --preset release --target sallyport
# What the other stage takes: the binary, the files that it reads at run time (sources of adapters live beside
# manifests in connectors/), and the names of the packages that own the libraries it is linked to. Asking the
# binary keeps this list true. (/lib is /usr/lib, and packages name either: hence the pattern.)
RUN mkdir -p /out/share \
 && cp build/release/sallyport /out/ \
 && for folder in config schemas connectors playbooks; do \
      [ ! -d "$folder" ] || find "$folder" -type f ! -name '*.[ch]pp' ! -name CMakeLists.txt \
        -exec cp --parents {} /out/share/ \; ; \
    done \
 && ldd /out/sallyport | sed -n 's|.*=> \(/usr\)\?\(/[^ ]*\) (.*|*\2|p' | xargs dpkg -S | cut -d: -f1 | sort -u >/out/packages

FROM debian:bookworm-slim
COPY --from=build /out/packages /tmp/packages
RUN apt-get update \
 && xargs apt-get install -y --no-install-recommends ca-certificates </tmp/packages \
 && rm -rf /var/lib/apt/lists/* /tmp/packages \
 && useradd --system --uid 10001 --home-dir /var/lib/sallyport --create-home sallyport
COPY --from=build /out/share /usr/share/sallyport
COPY --from=build /out/sallyport /usr/bin/sallyport
USER sallyport
# RocksDB and the ledger: everything that must outlive the container.
VOLUME /var/lib/sallyport
EXPOSE 8080
# bash opens the connection itself; the image has no HTTP client. It asks over plain HTTP: with TLS set up in the
# configuration, replace this check by one of the platform.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["bash", "-c", \
  "{ printf 'GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3; head -n 1 <&3 | grep -q ' 200 '; } 3<>/dev/tcp/127.0.0.1/8080"]
ENTRYPOINT ["sallyport"]
CMD ["run", "--config", "/usr/share/sallyport/config/container.yaml"]
