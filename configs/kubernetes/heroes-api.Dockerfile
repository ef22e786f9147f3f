# The sample API, for trying the manifests: everything it needs is in the image of logship.
#   docker build -t logship:0.1.0 .
#   docker build -t heroes-api:0.1.0 -f configs/kubernetes/heroes-api.Dockerfile examples
FROM logship:0.1.0
COPY heroes_api.py /app/
HEALTHCHECK NONE
ENTRYPOINT ["python", "/app/heroes_api.py"]
CMD []
