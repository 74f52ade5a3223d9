# For tests: a function image that contains only a static program. Context: the project's folder.
FROM scratch
COPY fixtures/src/native-bootstrap/bootstrap /bootstrap
ENTRYPOINT ["/bootstrap"]
