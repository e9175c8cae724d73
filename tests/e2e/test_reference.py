"""`chutes` and `scales` of the real daemon against the reference, on random markets and fleets: same rows, same order, values to 1e-9 relative."""
import json
import random
import unittest
import uuid

from harness import LIMIT, Daemon
from reference import chutes_of, scales_of

MODELS = ["4090", "5090", "a6000", "l40s", "a100", "a100_sxm", "h100", "h100_sxm", "h200"]


def maybe(rng, item, key, value, missing=0.08, null=0.08):
    """Sets the field, to null, or not at all."""
    dice = rng.random()
    if dice >= missing:
        item[key] = None if dice < missing + null else value


def random_market(rng, size):
    chutes, metrics, utilization = [], [], []
    few = rng.random() < 0.4  # few distinct figures: many ties
    for number in range(size):
        chute_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        chute = {"chute_id": chute_id, "name": f"org/model-{number:03}", "version": str(uuid.UUID(int=rng.getrandbits(128))),
                 "node_selector": {"gpu_count": rng.choice([1, 1, 2, 4, 8]), "supported_gpus": rng.sample(MODELS, rng.randint(1, len(MODELS)))}}
        maybe(rng, chute, "cords", [] if rng.random() < 0.1 else [{"path": "/v1", "method": "POST"}], 0.03, 0.03)
        maybe(rng, chute, "preemptible", rng.random() < 0.8)
        maybe(rng, chute, "tee", rng.random() < 0.1)
        maybe(rng, chute, "jobs", [])
        chutes.append(chute)
        figures = {"chute_id": chute_id}
        maybe(rng, figures, "compute_multiplier", rng.choice([1, 2.5]) if few else round(rng.uniform(0.1, 16), 3))
        maybe(rng, figures, "total_compute_time", rng.choice([0, 1000, 2000.5]) if few else rng.uniform(0, 1e6))
        maybe(rng, figures, "total_invocations", rng.choice([0, 1, 10]) if few else rng.choice([0, rng.randrange(1, 100000)]))
        maybe(rng, figures, "rate_limit_count", rng.choice([0, 5]) if few else rng.randrange(0, 5000))
        maybe(rng, figures, "instance_count", rng.choice([0, 1, 4, 5, 6, 30]))
        if rng.random() < 0.93:
            metrics.append(figures)
        use = {"chute_id": chute_id, "name": "[private chute]", "instance_count": 3, "utilization_1h": None}
        maybe(rng, use, "scalable", rng.random() < 0.9, 0.03, 0.03)
        maybe(rng, use, "update_in_progress", rng.random() < 0.08)
        if rng.random() < 0.95:
            utilization.append(use)
    rng.shuffle(metrics)
    rng.shuffle(utilization)
    market = {"chutes": chutes, "metrics": metrics, "utilization": utilization}
    for key in market:  # a list, or an object by id
        if rng.random() < 0.5:
            market[key] = {item["chute_id"]: item for item in sorted(market[key], key=lambda item: item["chute_id"])}
    return market


def random_fleet(rng, size):
    fleet = []
    for number in range(size):
        count = rng.choice([1, 2, 4, 8])
        server = {"id": f"srv-{number:03}", "name": f"{rng.choice(['east', 'west'])}-{number:03}", "address": f"198.51.100.{number + 1}",
                  "model": rng.choice(MODELS), "count": count, "hourly_cost": rng.choice([0, 0.5, 1, round(rng.uniform(0.1, 4), 3), 1.85])}
        if rng.random() < 0.2:
            server["verified"] = sorted(rng.sample(range(count), rng.randint(0, count)))
        if rng.random() < 0.2:
            server["reserved"] = sorted(rng.sample(range(count), rng.randint(0, count)))
        for flag, odds in (("locked", 0.15), ("tee", 0.15)):
            if rng.random() < odds:
                server[flag] = True
        fleet.append(server)
    return fleet


class Reference(unittest.TestCase):
    def same(self, expected, found, row, figures):
        self.assertEqual([row(item) for item in expected], [(item["offerId"], item.get("serverId")) for item in found])
        for want, have in zip(expected, found):
            for figure, key in figures:
                value = figure(want)
                self.assertLessEqual(abs(value - have[key]), 1e-9 * abs(value), f"{key} of {have}, expected {value!r}")

    def check(self, seed):
        rng = random.Random(seed)
        market, fleet = random_market(rng, rng.randint(5, 120)), random_fleet(rng, rng.randint(1, 40))
        chutes = chutes_of(market)
        scales = scales_of(chutes, fleet)

        def edit(daemon):
            daemon.replace("rigger.yaml", "automatic: true", "automatic: false")
            files = daemon.dir / "market"
            files.mkdir()
            for name, listing in market.items():
                (files / f"{name}.json").write_text(json.dumps(listing))
            daemon.replace("plugins-available/source-catalog.yaml", f"csv: {daemon.dir}/etc/market/chute_models_head.csv",
                           "\n  ".join(f"{name}: {files}/{name}.json" for name in market))
            (daemon.dir / "etc/fleet.yaml").write_text(json.dumps({"servers": fleet}))  # JSON is YAML

        with Daemon(edit) as daemon:
            daemon.start()
            gpus = sum(server["count"] for server in fleet)
            daemon.until(lambda: len(daemon.items("gpus")) == gpus and len(daemon.items("chutes", "--all")) == len(market["chutes"]), LIMIT, "market and fleet")
            ids = {item["name"]: item["id"] for item in daemon.items("servers")}
            chute_figures = [(lambda c: c["gain"], "gain"), (lambda c: c["instances"], "instances"), (lambda c: c["count"], "gpuCount")]
            pair_figures = [(lambda p: p["value"], "value"), (lambda p: p["server"]["hourly_cost"], "cost"), (lambda p: p["chute"]["count"], "gpuCount")]
            self.same(chutes, daemon.items("chutes"), lambda c: (c["id"], None), chute_figures)
            self.assertEqual([c["gpus"] for c in chutes], [item["gpuModels"] for item in daemon.items("chutes")])
            pair = lambda p: (p["chute"]["id"], ids[p["server"]["name"]])  # noqa: E731
            self.same(scales, daemon.items("scales"), pair, pair_figures)

            gpu, part = rng.choice(MODELS), rng.choice(["east", "-00", fleet[0]["name"], "nowhere"])
            on_gpu = [c for c in chutes if gpu in c["gpus"]]
            self.same(on_gpu, daemon.items("chutes", "-g", gpu), lambda c: (c["id"], None), chute_figures)
            self.same([p for p in scales if gpu in p["chute"]["gpus"]], daemon.items("scales", "-g", gpu), pair, pair_figures)
            self.same([p for p in scales if part in p["server"]["name"]], daemon.items("scales", "-s", part), pair, pair_figures)
            self.same([p for p in scales if gpu in p["chute"]["gpus"] and part in p["server"]["name"]],
                      daemon.items("scales", "-g", gpu, "-s", part), pair, pair_figures)

    def test_random_markets(self):
        for seed in range(12):
            with self.subTest(seed=seed):
                self.check(seed)


if __name__ == "__main__":
    unittest.main()
