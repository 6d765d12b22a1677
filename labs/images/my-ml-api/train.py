"""Trains the churn model: will this customer leave? Saves it as model.joblib.

The customers are made up, with a fixed seed. Those who are new, pay much and often
call the support leave more often, and chance has its part, as with real ones.
"""
import os

import joblib
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FEATURES = ["tenure_months", "monthly_charge", "support_calls"]
FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "model.joblib")


def customers(n=4000, seed=74):
    """What is known of n customers, and which of them left."""
    random = np.random.RandomState(seed)
    known = np.column_stack([
        random.randint(1, 73, n),
        random.uniform(20, 120, n).round(2),
        random.poisson(1.5, n),
    ])
    drive = -0.06 * known[:, 0] + 0.03 * known[:, 1] + 0.8 * known[:, 2] - 2
    return known, random.uniform(size=n) < 1 / (1 + np.exp(-drive))


def train():
    """The model, and how often it is right about customers that it has never seen."""
    known, left = customers()
    known_train, known_test, left_train, left_test = train_test_split(
        known, left, test_size=0.25, random_state=0)
    model = make_pipeline(StandardScaler(), LogisticRegression())
    model.fit(known_train, left_train)
    return model, model.score(known_test, left_test)


def load():
    """The model that was trained before; where there is none, one trained now."""
    return joblib.load(FILE) if os.path.exists(FILE) else train()[0]


if __name__ == "__main__":
    model, accuracy = train()
    joblib.dump(model, FILE)
    print(f"trained: right about {accuracy:.1%} of the customers it had not seen")
