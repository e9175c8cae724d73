"""SIGKILL of the real daemon at each commit of its databases in turn (die_at/), within each of the stories below.

After every death the daemon starts again, unharmed, and must by itself come to where the story ends or to where it began: nothing orphaned,
lost or doubled, every GPU accounted for; and what it had acknowledged stands. RIGGER_KILL_EVERY=N visits every N-th commit (default 6;
1: all of them, as `./dev kills` does), RIGGER_KILL_STORY names one story.
"""
import contextlib
import json
import mmap
import os
import shutil
import struct
import unittest

from audit import faults, leftovers
from harness import BUILD, CliError, Daemon

EVERY = int(os.environ.get("RIGGER_KILL_EVERY", "6"))
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


def market_of(names=tuple(OFFERS), newer=()):
    chutes = [{"chute_id": f"offer-{n}", "name": f"org/{n}", "version": "v2" if n in newer else "v1", "image": f"sim/{n}:1", "chutes_version": "0.3.61", "cords": [{}],
               "supported_gpus": [OFFERS[n][0]], "node_selector": {"gpu_count": OFFERS[n][1]}} for n in names]
    figures = [{"chute_id": f"offer-{n}", "total_compute_time": 1000, "total_invocations": 10, "instance_count": 1} for n in names]
    return json.dumps({"chutes": chutes, "metrics": figures, "utilization": [{"chute_id": f"offer-{n}", "scalable": True} for n in names]})


class World(Daemon):
    """A small, quick market and cluster, and the trigger."""

    def __init__(self, automatic=False):
        super().__init__()
        self.trigger_file = self.dir / "die_at"
        self.trigger_file.write_bytes(bytes(16))
        with open(self.trigger_file, "r+b") as file:
            self.trigger = mmap.mmap(file.fileno(), 16)
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
        preload = shutil.copy(BUILD / "tests/e2e/die_at.so", self.dir)  # LD_PRELOAD is cut at spaces, which a build directory may have
        return self.start(ready, env={"LD_PRELOAD": str(preload), "RIGGER_DIE_AT": str(self.trigger_file)})

    def wipe(self):
        """As if it had never run."""
        self.kill()
        shutil.rmtree(self.dir / "state")
        (self.dir / "state").mkdir(mode=0o700)

    def sell(self, market, versions):
        """Changes the market, and waits until the daemon has seen these versions."""
        self.market.write_text(market)
        self.until(lambda: self.dead() or {o["offerName"].removeprefix("org/"): o["version"] for o in self.items("chutes", "--all")} == versions, 60, versions)

    def arm(self, commits):
        self.trigger[:16] = struct.pack("qq", commits, 0)

    def commits(self):
        return struct.unpack("qq", self.trigger[:16])[1]

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
        self.until(lambda: self.running(*pairs), 60, f"{pairs} to run")

    def wrong(self):
        """Why the world is not at rest and in order; empty: it is."""
        phases = self.phases()
        unsettled = [f"{pair} is {phase}" for pair, phase in phases.items() if phase != "active"]
        return unsettled or faults(self) or leftovers(self.dir / "state")


class Story:
    """before() is the state in which the trigger is armed, act() what is done then, over() when the last boundary has been passed,
    ends(answer) which sets of running pairs may stand in the end."""
    automatic = False
    fresh = False  # every death in a state directory of its own, the trigger armed from the start

    def before(self, world):
        world.deployed()

    def act(self, world):
        raise NotImplementedError

    def over(self, world):
        raise NotImplementedError

    def ends(self, answer):
        raise NotImplementedError

    def also(self, world, answer):
        """What else is wrong at the end."""
        return []


class Start(Story):
    """From nothing: schema, inventory, market, and the first plan carried out."""
    automatic = fresh = True

    def act(self, world):
        return None

    def over(self, world):
        return len(world.phases()) >= 3 and not world.wrong()

    def ends(self, answer):
        return None  # whatever the planner finds; Boundaries checks what may not be


class Deploy(Story):
    def act(self, world):
        return world.deploy("two", "alpha")

    def over(self, world):
        return world.running("two@alpha")

    def ends(self, answer):
        return [{"two@alpha"}] if answer else [set(), {"two@alpha"}]


class DeployTwo(Story):
    """Two on one server, side by side."""

    def before(self, world):
        world.deployed("three@gamma")

    def act(self, world):
        return [world.deploy("one", "beta"), world.deploy("one", "alpha")]

    def over(self, world):
        return world.running("one@alpha", "one@beta", "three@gamma")

    def ends(self, answer):
        sure = {"three@gamma"} | {pair for pair, said in zip(("one@beta", "one@alpha"), answer) if said}
        return [sure | more for more in (set(), {"one@beta"}, {"one@alpha"}, {"one@beta", "one@alpha"})]


class Undeploy(Story):
    def before(self, world):
        world.deployed("two@alpha", "three@gamma")
        self.victim = next(d["id"] for d in world.items("deployments") if d["offerId"] == "offer-two")

    def act(self, world):
        return world.acknowledged("undeploy", "-i", self.victim)

    def over(self, world):
        return world.running("three@gamma") and not world.wrong()

    def ends(self, answer):
        return [{"three@gamma"}] if answer else [{"three@gamma"}, {"two@alpha", "three@gamma"}]


class Fail(Story):
    """The workload dies of itself: the deployment ends, and its offer is remembered."""

    def marks(self, world):
        return {mark["failedAt"] for mark in world.items("failures") if mark["offerId"] == "offer-broken"}

    def before(self, world):
        world.deployed()
        self.old = self.marks(world)

    def act(self, world):
        return world.deploy("broken", "gamma")

    def over(self, world):
        return self.marks(world) - self.old and world.running() and not world.wrong()

    def ends(self, answer):
        return [set()]

    def also(self, world, answer):
        return [] if self.marks(world) - self.old or not answer else ["the failure is forgotten"]


class Recycle(Story):
    """An offer has a new version, and the operator does not wait for the reconcilers to see that its deployment is old."""

    def before(self, world):
        world.sell(market_of(), V1)
        world.deployed("two@alpha", "three@gamma")

    def act(self, world):
        world.sell(market_of(newer=["two"]), V1 | {"two": "v2"})
        return world.acknowledged("recycle", "--force")

    def over(self, world):
        return world.running("three@gamma") and not world.wrong()

    def ends(self, answer):
        return [{"three@gamma"}]


class Drop(Recycle):
    """The market drops an offer. It is absent, and not said to be gone: that takes two looks."""

    def act(self, world):
        world.sell(market_of([n for n in OFFERS if n != "two"]), {n: "v1" for n in OFFERS if n != "two"})


STORIES = {"start": Start, "deploy": Deploy, "deploy-two": DeployTwo, "undeploy": Undeploy, "fail": Fail, "recycle": Recycle, "drop": Drop}


class Boundaries(unittest.TestCase):
    def die_and_rise(self, world, story, at):
        """One death. False: the story ended before commit `at`."""
        if not story.fresh:
            story.before(world)
        world.arm(at)
        if story.fresh:
            world.begin(ready=False)
        answer = story.act(world)

        def end():
            with contextlib.suppress(CliError, AssertionError):
                return world.dead() or story.over(world)

        world.until(end, 120, f"commit {at} or the story's end")
        died = world.dead()
        world.arm(0)
        if not died:
            return False
        self.rise(world, at)
        self.settle(world, story, answer, at)
        return True

    def rise(self, world, at):
        """Starts the daemon again; after every third death it dies once more, while it recovers."""
        self.assertEqual(-9, world.process.wait(), world.tail())
        world.arm(1 + at % 10 if at % 3 == 0 else 0)
        world.begin(ready=False)

        def up():
            return world.dead() or (world.ready() and (world.commits() >= 10 or not world.wrong()))

        if at % 3 == 0:
            with contextlib.suppress(CliError, AssertionError):
                world.until(up, 10, "another death")
        world.arm(0)
        if world.dead():
            self.assertEqual(-9, world.process.wait(), world.tail())
            world.begin(ready=False)
        world.until(world.ready, 20, "riggerd to become ready")

    def settle(self, world, story, answer, at):
        last, allowed = [], story.ends(answer)

        def settled():
            last[:] = world.wrong() or story.also(world, answer)
            if not last and allowed is not None and set(world.phases()) not in allowed:
                last.append(f"{set(world.phases())} run, and not one of {allowed}")
            return not last

        try:
            world.until(settled, 120, "order")
        except AssertionError as error:
            raise AssertionError(f"killed at commit {at}: {last}\n{error}") from None

    def play(self, name):
        story, deaths, at = STORIES[name](), 0, 1
        with World(story.automatic) as world:
            if not story.fresh:
                world.begin()
            while self.die_and_rise(world, story, at):
                deaths += 1
                at += EVERY
                if story.fresh:
                    world.wipe()
        print(f"{name}: {deaths} deaths over {at} commits", flush=True)
        self.assertGreater(deaths, 0)


for story_name in STORIES:
    if os.environ.get("RIGGER_KILL_STORY", story_name) == story_name:
        setattr(Boundaries, f"test_{story_name.replace('-', '_')}_survives_a_kill_at_every_commit", lambda self, name=story_name: self.play(name))

if __name__ == "__main__":
    unittest.main()
