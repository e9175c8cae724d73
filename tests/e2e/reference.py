"""What the system that rigger replaces answers to `chutes` and `scales`, written anew from its description and sharing nothing with rigger.

chutes_of(market) and scales_of(chutes, fleet) return rows in order; market is {"chutes": [...], "metrics": [...], "utilization": [...]} in the
validator's own shapes, lists or objects by id; fleet is a list of servers as in the fleet file.
"""

PRIVATE_FACTOR = 16
COST_FLOOR = 0.001  # rigger's own rule: the original divides by zero


def by_id(listing):
    if isinstance(listing, dict):
        return {key: item for key, item in listing.items() if item is not None}
    return {item["chute_id"]: item for item in listing}


def given(item, key, default):
    value = item.get(key)
    return default if value is None else value


def figure(item, key, default):
    """A number, which may be written as text."""
    value = given(item, key, default)
    return float(value) if isinstance(value, str) else value


def gain_of(metrics):
    n = figure(metrics, "instance_count", 0)
    rate_limits = figure(metrics, "rate_limit_count", 0)
    if n >= 5:
        rate_limits /= 5
    units = figure(metrics, "total_compute_time", 0) * figure(metrics, "compute_multiplier", 1)
    calls = figure(metrics, "total_invocations", 1) or 1
    return (units + units / calls * rate_limits) / (n + 1)


def chutes_of(market):
    metrics, utilization = by_id(market["metrics"]), by_id(market["utilization"])
    rows = []
    for chute_id, chute in by_id(market["chutes"]).items():
        use = utilization.get(chute_id)
        if not chute.get("cords") or chute_id not in metrics or use is None:
            continue
        if not use.get("scalable") or use.get("update_in_progress"):
            continue
        figures, selector = metrics[chute_id], given(chute, "node_selector", {})
        rows.append({
            "id": chute_id, "name": given(chute, "name", chute_id), "gain": gain_of(figures), "instances": figure(figures, "instance_count", 0),
            "multiplier": figure(figures, "compute_multiplier", 1), "private": not given(chute, "preemptible", True),
            "gpus": sorted(given(chute, "supported_gpus", selector.get("supported_gpus") or [])),
            "count": int(figure(selector, "gpu_count", 1)),  # rigger's own rule: the original takes 0, and divides by it
        })
    return sorted(rows, key=lambda row: row["gain"], reverse=True)  # stable: equals stay as the market lists them


def free_gpus(server):
    verified = server.get("verified", range(server["count"]))
    return len(set(verified) - set(server.get("reserved", [])))


def scales_of(chutes, fleet):
    rows = []
    for chute in chutes:
        fitting = [s for s in fleet if not s.get("locked") and s["model"] in chute["gpus"] and free_gpus(s) >= chute["count"]]
        for server in sorted(fitting, key=lambda s: (s["hourly_cost"], free_gpus(s), s["name"])):
            worth = 3600 * chute["multiplier"] * PRIVATE_FACTOR if chute["private"] else chute["gain"]
            rows.append({"chute": chute, "server": server, "value": worth / (max(server["hourly_cost"], COST_FLOOR) * chute["count"])})
    return sorted(rows, key=lambda row: row["value"], reverse=True)
