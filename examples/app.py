"""The demo model service in Python: the same routes and metric names as examples/service.ts.

pip install prometheus_client scikit-learn && python examples/app.py [port]
"""
import csv
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from sklearn.ensemble import RandomForestClassifier

FEATURES = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
TREES = {"v1": 10, "v2": 200}
REQUESTS = Counter("http_requests_total", "HTTP requests answered.", ["method", "route", "status"])
LATENCY = Histogram(
    "model_prediction_latency_seconds", "Time to predict one request, all its rows together.", ["model", "version"],
    buckets=[a * 10.0**b for b in (-4, -3, -2, -1) for a in (1, 1.5, 2, 3, 5, 7.5)] + [1.0],
)


def train():
    with open(Path(__file__).with_name("penguins.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    x = [[float(row[feature]) for feature in FEATURES] for row in rows]
    y = [row["species"] for row in rows]
    return {v: RandomForestClassifier(n_estimators=trees, random_state=7).fit(x, y) for v, trees in TREES.items()}


class Handler(BaseHTTPRequestHandler):
    models = {}

    def answer(self, status, body, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(200, generate_latest(), CONTENT_TYPE_LATEST)

    def do_POST(self):
        version = "v2" if "version=v2" in self.path else "v1"
        try:
            rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["penguins"]
            with LATENCY.labels("penguin-species", version).time():
                species = list(self.models[version].predict(rows))
            status, body = 200, {"version": version, "predictions": [{"species": s} for s in species]}
        except (KeyError, TypeError, ValueError) as error:
            status, body = 400, {"error": f"send {{\"penguins\": [[{', '.join(FEATURES)}], ...]}}: {error}"}
        REQUESTS.labels("POST", "/predict", str(status)).inc()
        self.answer(status, json.dumps(body).encode())


if __name__ == "__main__":
    Handler.models = train()
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8000), Handler).serve_forever()
