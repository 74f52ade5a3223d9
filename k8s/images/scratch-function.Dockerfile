# For tests: a function that is an image with nothing in it but a static program. Context: the project's folder.
FROM scratch
COPY fixtures/src/native-bootstrap/bootstrap /bootstrap
ENTRYPOINT ["/bootstrap"]
