"""`chutes` and `scales` of the real daemon against the reference, on random markets and fleets: same rows, same order, values to 1e-9 relative."""
import csv
import io
import json
import random
import re
import unittest
import uuid

from harness import LIMIT, ROOT, Daemon
from reference import chutes_of, scales_of

MODELS = ["4090", "5090", "a6000", "l40s", "a100", "a100_sxm", "h100", "h100_sxm", "h200"]
STRANGE = "x9000"  # a model that no table knows
LISTS = ("chutes", "metrics", "utilization")


def maybe(rng, item, key, value, missing=0.08, null=0.08, text=0.0):
    """Sets the field, to null, to the number as text, or not at all."""
    dice = rng.random()
    if dice >= missing:
        item[key] = None if dice < missing + null else str(value) if dice < missing + null + text else value


def random_figure(rng):
    return rng.choice([0, 1, rng.randrange(10), rng.randrange(10**6), rng.uniform(0, 1e6), 10 ** rng.uniform(-12, 14)])


def random_id(rng):
    return rng.choice([str, lambda i: str(i).upper(), lambda i: f"chute-{i.int % 100000}"])(uuid.UUID(int=rng.getrandbits(128), version=4))


def random_market(rng, ids):
    """Of these chutes in this order. Each list is an array, or an object by id."""
    market = {name: [] for name in LISTS}
    few = rng.random() < 0.5  # few distinct figures: many ties
    for number, chute_id in enumerate(ids):
        gpus = rng.sample(MODELS, rng.randint(1, len(MODELS))) + [STRANGE] * (rng.random() < 0.1)
        selector = {"supported_gpus": gpus}
        maybe(rng, selector, "gpu_count", rng.choice([1, 1, 2, 3, 4, 5, 6, 8]), text=0.05)
        chute = {"chute_id": chute_id, "version": str(uuid.UUID(int=rng.getrandbits(128))), "node_selector": selector, "unheard_of": {"of": [None]}}
        if rng.random() < 0.3:
            chute["supported_gpus"] = selector.pop("supported_gpus")
            if rng.random() < 0.1:
                chute["node_selector"] = None
        maybe(rng, chute, "name", f"{rng.choice(['org', 'Acme, Inc', '组织'])}/model-{number:03}", 0.03, 0.03)
        maybe(rng, chute, "cords", [] if rng.random() < 0.1 else [{"path": "/v1", "method": "POST"}], 0.03, 0.03)
        maybe(rng, chute, "preemptible", rng.random() < 0.7)
        maybe(rng, chute, "tee", rng.random() < 0.1)
        maybe(rng, chute, "jobs", [])
        market["chutes"].append(chute)
        figures = {"chute_id": chute_id}
        maybe(rng, figures, "compute_multiplier", rng.choice([0.5, 1, 1.5, 3]) if few else rng.choice([round(rng.uniform(0.1, 16), 3), random_figure(rng)]), text=0.05)
        maybe(rng, figures, "total_compute_time", rng.choice([0, 1000, 2000.5, 3000]) if few else random_figure(rng), text=0.05)
        maybe(rng, figures, "total_invocations", rng.choice([0, 1, 10]) if few else int(random_figure(rng)), text=0.05)
        maybe(rng, figures, "rate_limit_count", rng.choice([0, 5]) if few else int(random_figure(rng)), text=0.05)
        maybe(rng, figures, "instance_count", rng.choice([0, 1, 4, 5, 6, 30, 1000]), text=0.05)
        if rng.random() < 0.93:
            market["metrics"].append(figures)
        use = {"chute_id": chute_id, "name": "[private chute]", "instance_count": 3, "utilization_1h": None}
        maybe(rng, use, "scalable", rng.random() < 0.9, 0.03, 0.03)
        maybe(rng, use, "update_in_progress", rng.random() < 0.08)
        if rng.random() < 0.95:
            market["utilization"].append(use)
    rng.shuffle(market["metrics"])
    rng.shuffle(market["utilization"])
    for name in LISTS:
        if rng.random() < 0.5:
            keep = rng.random() < 0.5
            market[name] = {item["chute_id"]: {k: v for k, v in item.items() if keep or k != "chute_id"} for item in market[name]}
    return market


def random_fleet(rng, size):
    fleet = []
    for number in range(size):
        count = rng.choice([1, 2, 3, 4, 6, 8, 16])
        server = {"id": f"srv-{number:03}", "name": f"{rng.choice(['east', 'west'])}-{number:03}", "address": f"198.51.100.{number + 1}",
                  "model": rng.choice(MODELS), "count": count, "hourly_cost": rng.choice([0.0005, 0.1, 0.2, 0.3, 0.5, 0.6, 0.7, 1, round(rng.uniform(0.1, 4), 3), rng.uniform(0.001, 9), 10000])}
        if rng.random() < 0.05:
            server |= {"model": STRANGE, "gpu_memory_gb": 100}
        if rng.random() < 0.2:
            server["verified"] = sorted(rng.sample(range(count), rng.randint(0, count)))
        if rng.random() < 0.2:
            server["reserved"] = sorted(rng.sample(range(count), rng.randint(0, count)))
        for flag, odds in (("locked", 0.15), ("tee", 0.15)):
            if rng.random() < odds:
                server[flag] = True
        fleet.append(server)
    return fleet


def configure(daemon, market, fleet, files):
    """`files`: one for each list, as opposed to one for the whole market."""
    daemon.replace("rigger.yaml", "automatic: true", "automatic: false")
    directory = daemon.dir / "market"
    directory.mkdir()
    if files:
        for name, listing in market.items():
            (directory / f"{name}.json").write_text(json.dumps(listing))
        keys = [f"{name}: {directory}/{name}.json" for name in market]
    else:
        (directory / "market.json").write_text(json.dumps(market))
        keys = [f"market: {directory}/market.json"]
    daemon.replace("plugins-available/source-catalog.yaml", f"csv: {daemon.dir}/etc/market/chute_models_head.csv",
                   "\n  ".join([*keys, "pollSeconds: 0.1", "shrinkHoldSeconds: 0"]))
    (daemon.dir / "etc/fleet.yaml").write_text(json.dumps({"servers": fleet}))  # JSON is YAML


CHUTE = {"gain": lambda c: c["gain"], "instances": lambda c: c["instances"], "computeMultiplier": lambda c: c["multiplier"]}
CHUTE_FACTS = {"offerName": lambda c: c["name"], "gpuModels": lambda c: c["gpus"], "gpuCount": lambda c: c["count"], "preemptible": lambda c: not c["private"]}
PAIR = {"value": lambda p: p["value"], "cost": lambda p: p["server"]["hourly_cost"], "gain": lambda p: p["chute"]["gain"]}
PAIR_FACTS = {"offerName": lambda p: p["chute"]["name"], "serverName": lambda p: p["server"]["name"], "gpuCount": lambda p: p["chute"]["count"],
              "gpuModel": lambda p: p["server"]["model"]}


class Reference(unittest.TestCase):
    def same(self, expected, found, row, figures, facts):
        self.assertEqual([row(item) for item in expected], [(item["offerId"], item.get("serverId")) for item in found])
        for want, have in zip(expected, found):
            for key, figure in figures.items():
                value = figure(want)
                self.assertLessEqual(abs(value - have[key]), 1e-9 * abs(value), f"{key} of {have}, expected {value!r}")
            self.assertEqual({key: fact(want) for key, fact in facts.items()}, {key: have[key] for key in facts})

    def same_answers(self, rng, daemon, market, fleet):
        chutes = chutes_of(market)
        scales = scales_of(chutes, fleet)
        ids = {item["name"]: item["id"] for item in daemon.items("servers")}
        chute = lambda c: (c["id"], None)  # noqa: E731
        pair = lambda p: (p["chute"]["id"], ids[p["server"]["name"]])  # noqa: E731
        self.same(chutes, daemon.items("chutes"), chute, CHUTE, CHUTE_FACTS)
        self.same(scales, daemon.items("scales"), pair, PAIR, PAIR_FACTS)

        gpu, part = rng.choice([*MODELS, STRANGE]), rng.choice(["east", "-00", fleet[0]["name"], "nowhere"])
        self.same([c for c in chutes if gpu in c["gpus"]], daemon.items("chutes", "-g", gpu), chute, CHUTE, CHUTE_FACTS)
        self.same([p for p in scales if gpu in p["chute"]["gpus"] and part in p["server"]["name"]],
                  daemon.items("scales", "-g", gpu, "-s", part), pair, PAIR, PAIR_FACTS)
        server = rng.choice(fleet)["name"]
        for name in (server, ids[server], ids[server][:23]):
            self.same([p for p in scales if p["server"]["name"] == server], daemon.items("scales", "-s", name), pair, PAIR, PAIR_FACTS)

    def same_tables(self, daemon, market, fleet):
        """What a person sees: the columns of the original in their order, in whole where no terminal is too narrow for them."""
        chutes = chutes_of(market)
        ids = {item["name"]: item["id"] for item in daemon.items("servers")}
        tables = {
            "chutes": ("CHUTE-ID CHUTE-NAME GAIN INST GPU-SUPPORTED GPU-COUNT",
                       [(c["id"], c["name"], f"{c['gain']:.2f}", f"{c['instances']:.0f}", ",".join(c["gpus"]) or "-", str(c["count"])) for c in chutes]),
            "scales": ("CHUTE-ID CHUTE-NAME SERVER-ID SERVER-NAME VALUE COST GPU",
                       [(p["chute"]["id"], p["chute"]["name"], ids[p["server"]["name"]], p["server"]["name"], f"{p['value']:.2f}",
                         f"{p['server']['hourly_cost']:.2f}", str(p["chute"]["count"])) for p in scales_of(chutes, fleet)])}
        for command, (header, rows) in tables.items():
            for form in ("table", "wide"):
                lines = daemon.cli(command, "-o", form).stdout.splitlines()
                found = [re.split("  +", line.strip()) for line in lines]
                width = len(header.split())
                self.assertEqual(header.split(), found[0][:width], form)
                self.assertEqual(rows, [tuple(row[:width]) for row in found[1:]], form)

    def test_random_markets(self):
        for seed in range(4):
            with self.subTest(seed=seed):
                rng = random.Random(seed)
                market = random_market(rng, [random_id(rng) for _ in range(rng.randint(5, 120))])
                fleet = random_fleet(rng, rng.randint(1, 40))
                with Daemon(lambda daemon: configure(daemon, market, fleet, files=seed % 2)) as daemon:
                    daemon.start()
                    gpus = sum(server["count"] for server in fleet)
                    daemon.until(lambda: len(daemon.items("gpus")) == gpus and len(daemon.items("chutes", "--all")) == len(market["chutes"]), LIMIT, "market and fleet")
                    self.same_answers(rng, daemon, market, fleet)
                    if seed < 2:
                        self.same_tables(daemon, market, fleet)

    def test_market_that_changes_under_the_daemon(self):
        """Chutes come, go, come back and change their order, and with it the rank of equals: what counts is the file as it stands."""
        rng = random.Random(100)
        pool, fleet = [random_id(rng) for _ in range(60)], random_fleet(rng, 20)
        listed = []
        with Daemon(lambda daemon: configure(daemon, random_market(rng, pool), fleet, files=False)) as daemon:
            daemon.start()
            for step in range(14):
                with self.subTest(step=step):
                    ids = [i for i in listed if rng.random() < 0.8]
                    for chute_id in rng.sample(pool, 20):
                        if chute_id not in ids:
                            ids.insert(rng.choice([len(ids), rng.randint(0, len(ids))]), chute_id)
                    if step % 4 == 3:
                        rng.shuffle(ids)
                    listed = ids
                    market = random_market(rng, ids)
                    (daemon.dir / "market/market.json").write_text(json.dumps(market))
                    chutes = market["chutes"] if isinstance(market["chutes"], list) else [{"chute_id": i, **c} for i, c in market["chutes"].items()]
                    versions = {c["chute_id"]: c["version"] for c in chutes}
                    daemon.until(lambda: {c["offerId"]: c["version"] for c in daemon.items("chutes", "--all")} == versions, LIMIT, "the market")
                    self.same_answers(rng, daemon, market, fleet)

    def test_list_of_models(self):
        """The sample market as another program would write it. Its figures are derived by a rule of rigger's own; rank and values follow from them."""
        rng = random.Random(200)
        fleet = random_fleet(rng, 25)
        with open(ROOT / "etc/market/chute_models_head.csv", newline="") as file:
            models = list(csv.DictReader(file))
        text = io.StringIO()
        writer = csv.DictWriter(text, ["supported_gpus", "note", "name", "current_estimated_price", "chute_id", "invocation_count"], quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows({**model, "name": model["name"] + ", 模型", "note": 'says "hi"'} for model in models)

        def edit(daemon):
            configure(daemon, {}, fleet, files=False)
            daemon.replace("plugins-available/source-catalog.yaml", f"market: {daemon.dir}/market/market.json", f"csv: {daemon.dir}/market/models.csv")
            (daemon.dir / "market/models.csv").write_text("\ufeff" + text.getvalue(), newline="")

        with Daemon(edit) as daemon:
            daemon.start()
            daemon.until(lambda: len(daemon.items("servers")) == len(fleet) and len(daemon.items("chutes")) == len(models), LIMIT, "market and fleet")
            found = daemon.items("chutes")
            names = {model["chute_id"]: model["name"] + ", 模型" for model in models}
            gpus = {model["chute_id"]: sorted(model["supported_gpus"].split()) for model in models}
            self.assertEqual((names, gpus), ({c["offerId"]: c["offerName"] for c in found}, {c["offerId"]: c["gpuModels"] for c in found}))
            place = {model["chute_id"]: i for i, model in enumerate(models)}
            self.assertEqual(found, sorted(found, key=lambda c: (-c["gain"], place[c["offerId"]])))
            chutes = [{"id": c["offerId"], "name": c["offerName"], "gain": c["gain"], "multiplier": c["computeMultiplier"], "private": not c["preemptible"],
                       "gpus": c["gpuModels"], "count": c["gpuCount"]} for c in found]
            ids = {item["name"]: item["id"] for item in daemon.items("servers")}
            self.same(scales_of(chutes, fleet), daemon.items("scales"), lambda p: (p["chute"]["id"], ids[p["server"]["name"]]), PAIR, PAIR_FACTS)


if __name__ == "__main__":
    unittest.main()
