"""What prometheus-api-client gets from a server, as JSON: pythonClient.py URL SECONDS. With "connection" after them, only whether it connects."""

import json
import sys
from datetime import datetime, timezone

from prometheus_api_client import Metric, MetricsList, PrometheusConnect

url, at = sys.argv[1], int(sys.argv[2])
client = PrometheusConnect(url=url, disable_ssl=True)
if sys.argv[3:] == ["connection"]:
    print(json.dumps(client.check_prometheus_connection()))
    sys.exit()
end = datetime.fromtimestamp(at, timezone.utc)
start = datetime.fromtimestamp(at - 3, timezone.utc)


def by_text(items):
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))


def values_only(series):
    """Series by their labels and values: each server scrapes at its own times."""
    return by_text([{"metric": one["metric"], "values": sorted({v for _, v in one["values"]})} for one in series])


ranges = client.get_metric_range_data("requests_total", {"job": "app"}, start_time=start, end_time=end)
answers = {
    "all_metrics": sorted(client.all_metrics()),
    "custom_query": by_text(client.custom_query("requests_total", params={"time": at})),
    "custom_query_range": by_text(
        client.custom_query_range("sum by (le) (latency_seconds_bucket)", start_time=start, end_time=end, step="1")
    ),
    "get_current_metric_value": [
        [one["metric"], one["value"][1]] for one in client.get_current_metric_value("temperature", {"job": "app"})
    ],
    "get_metric_range_data": values_only(ranges),
    "metric_objects": sorted(str(metric.metric_name) for metric in MetricsList(ranges)),
    "plain_metric": sorted(Metric(ranges[0]).label_config.items()),
    "get_metric_aggregation": client.get_metric_aggregation(
        "sum(temperature)", ["max", "min", "average", "percentile_50"], start_time=start, end_time=end, step="1"
    ),
    "get_label_names": sorted(client.get_label_names()),
    "get_label_values": sorted(client.get_label_values("job")),
    "get_series": by_text(client.get_series(start, end, params={"match[]": ['{job="app"}']})),
    "get_scrape_pools": client.get_scrape_pools(),
    "targets": [sorted(one["labels"]) for one in client.get_targets()["activeTargets"]],
    "get_target_metadata": by_text(client.get_target_metadata({"job": "app"}, "requests_total")),
    "get_metric_metadata": by_text(client.get_metric_metadata("requests_total")),
}
print(json.dumps(answers, sort_keys=True))
