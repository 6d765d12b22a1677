# churn-api: the Dockerfile that the lecture shows as a preview of 7.5, word for word.
# It trains nothing while building, so api.py does it when the container starts.
#
#	docker build -t churn-api -f churn-api.Dockerfile . && docker run -p 8000:8000 churn-api
FROM python:3.9-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
CMD ["uvicorn", "api:app", "--host", "0.0.0.0"]
