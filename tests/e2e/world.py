"""A small market and a small cluster that settle within seconds, for tests that watch what the loops make of trouble."""
import json
import mmap
import shutil

from audit import faults, leftovers
from harness import BUILD, LIMIT, CliError, Daemon

CONTROL = """
control:
  placement: {automatic: AUTOMATIC, plan_debounce: 10ms, plan_min_interval: 50ms}
  deployer: {retry_first: 50ms, retry_cap: 200ms, confirm_interval: 100ms, effect_hard_limit: 1s}
  reconcile: {period: 1s, debounce: 50ms, min_condemn_age: 1s, deletion_budget: 1}
  watches: {backoff_first: 50ms}
  machinery: {publish_interval: 10ms}
"""
SERVERS = [("alpha", "h100", 2), ("beta", "h100", 2), ("gamma", "4090", 2)]
OFFERS = {"one": ("h100", 1), "two": ("h100", 2), "three": ("4090", 1), "broken": ("4090", 1)}
V1 = dict.fromkeys(OFFERS, "v1")


def market_of(names=tuple(OFFERS), newer=(), spare=0):
    """With so many more offers that fit on no server."""
    names = [*names, *(f"spare-{i}" for i in range(spare))]
    needs = OFFERS | {n: ("h200", 1) for n in names if n not in OFFERS}
    chutes = [{"chute_id": f"offer-{n}", "name": f"org/{n}", "version": "v2" if n in newer else "v1", "image": f"sim/{n}:1", "chutes_version": "0.3.61", "cords": [{}],
               "supported_gpus": [needs[n][0]], "node_selector": {"gpu_count": needs[n][1]}} for n in names]
    figures = [{"chute_id": f"offer-{n}", "total_compute_time": 1000, "total_invocations": 10, "instance_count": 1} for n in names]
    return json.dumps({"chutes": chutes, "metrics": figures, "utilization": [{"chute_id": f"offer-{n}", "scalable": True} for n in names]})


class World(Daemon):
    """A small, quick market and cluster, and a library of preload/ with its levers: 64-bit numbers that the daemon sees at once."""

    def __init__(self, preload, automatic=False):
        super().__init__()
        self.preload = preload
        lever_file = self.dir / preload
        lever_file.write_bytes(bytes(64))
        with open(lever_file, "r+b") as file:
            self.levers = memoryview(mmap.mmap(file.fileno(), 64)).cast("q")
        text = self.config.read_text()
        head, tail = text.split("\ncontrol:\n")
        self.config.write_text(head + CONTROL.replace("AUTOMATIC", "true" if automatic else "false"))
        self.market = self.dir / "etc/market.json"
        self.market.write_text(market_of())
        (self.dir / "etc/fleet.yaml").write_text("servers:\n" + "".join(
            f"  - {{id: srv-{name}, name: {name}, address: 198.51.100.{i + 1}, model: '{model}', count: {count}, hourly_cost: 1}}\n"
            for i, (name, model, count) in enumerate(SERVERS)))
        (self.dir / "etc/plugins-available/source-catalog.yaml").write_text(
            f"plugin: rig.source-catalog\nname: catalog\nconfig: {{market: {self.market}, pollSeconds: 0.1, validator: {{verifySeconds: 0, activateSeconds: 0}}}}\n")
        (self.dir / "etc/plugins-available/reconciler-orphans.yaml").write_text("plugin: rig.reconciler-orphans\nconfig: {minAgeSeconds: 1}\n")
        (self.dir / "etc/plugins-available/reconciler-catalogue.yaml").write_text("plugin: rig.reconciler-catalogue\nconfig: {graceSeconds: 0}\n")
        self.replace("plugins-available/cluster-local.yaml", "pullSeconds: [2, 6]", "pullSeconds: [0, 0]")
        self.replace("plugins-available/cluster-local.yaml", "    # rules: ", "    rules: [{outcome: Error, exitCode: 1, image: '*broken*'}] # ")
        for key, value in (("startSeconds", 1), ("readySeconds", 2), ("stopSeconds", 1)):
            self.replace("plugins-available/cluster-local.yaml", f"{key}: {value}", f"{key}: 0")

    def begin(self, ready=True):
        library = shutil.copy(BUILD / f"tests/e2e/{self.preload}.so", self.dir)  # LD_PRELOAD is cut at spaces, which a build directory may have
        return self.start(ready, env={"LD_PRELOAD": str(library), f"RIGGER_{self.preload.upper()}": str(self.dir / self.preload)})

    def wipe(self):
        """As if it had never run."""
        self.kill()
        shutil.rmtree(self.dir / "state")
        (self.dir / "state").mkdir(mode=0o700)

    def sell(self, market, versions):
        """Changes the market, and waits until the daemon has seen these versions."""
        self.market.write_text(market)
        self.until(lambda: self.dead() or {o["offerName"].removeprefix("org/"): o["version"] for o in self.items("chutes", "--all")} == versions, LIMIT, versions)

    def dead(self):
        return self.process.poll() is not None

    def acknowledged(self, *arguments):
        """The command's answer, or None where the daemon died over it."""
        try:
            return self.json(*arguments)
        except CliError as error:
            if error.code not in (1, 3, 7, 8):
                raise
            return None

    def phases(self):
        return {d["offerId"].removeprefix("offer-") + "@" + d["serverName"]: d["phase"] for d in self.items("deployments")}

    def running(self, *pairs):
        return self.phases() == {pair: "active" for pair in pairs}

    def deploy(self, offer, server):
        return self.acknowledged("deploy", "-c", f"org/{offer}", "-s", server)

    def deployed(self, *pairs):
        """Brings about that exactly these run."""
        for pair in set(self.phases()) - set(pairs):
            offer, server = pair.split("@")
            for d in self.items("deployments"):
                if (d["offerId"], d["serverName"]) == (f"offer-{offer}", server) and d["phase"] != "terminating":
                    self.cli("undeploy", "-i", d["id"])
        for pair in set(pairs) - set(self.phases()):
            self.cli("deploy", "-c", "org/" + pair.split("@")[0], "-s", pair.split("@")[1])
        self.until(lambda: self.running(*pairs), LIMIT, f"{pairs} to run")

    def wrong(self):
        """Why the world is not at rest and in order; empty: it is."""
        phases = self.phases()
        unsettled = [f"{pair} is {phase}" for pair, phase in phases.items() if phase != "active"]
        return unsettled or faults(self) or leftovers(self.dir / "state")
