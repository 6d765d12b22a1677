"""The model as a web service.

    curl http://localhost:8000/health
    curl -H 'Content-Type: application/json' http://localhost:8000/predict \
        -d '{"tenure_months": 3, "monthly_charge": 95.5, "support_calls": 4}'
"""
from fastapi import FastAPI
from pydantic import BaseModel, Field

import train

app = FastAPI(title="churn", version="1.0")
model = train.load()


class Customer(BaseModel):
    tenure_months: float = Field(ge=0)
    monthly_charge: float = Field(ge=0)
    support_calls: int = Field(ge=0)


@app.get("/health")
def health():
    return {"status": "ok", "version": app.version}


@app.post("/predict")
def predict(customer: Customer):
    known = [getattr(customer, feature) for feature in train.FEATURES]
    probability = model.predict_proba([known])[0][1]
    return {"churn": bool(probability >= 0.5), "probability": round(float(probability), 4)}
