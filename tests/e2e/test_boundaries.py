"""SIGKILL of the real daemon at each commit of its databases in turn (preload/die_at.cpp), within each of the stories below.

After every death the daemon starts again, unharmed, and must by itself come to where the story ends or to where it began: nothing orphaned,
lost or doubled, every GPU accounted for; and what it had acknowledged stands. RIGGER_KILL_EVERY=N visits every N-th commit (default 6;
1: all of them, as `./dev kills` does), RIGGER_KILL_STORY names one story.
"""
import contextlib
import os
import unittest

from harness import LIMIT, CliError
from world import OFFERS, V1, World, market_of

EVERY = int(os.environ.get("RIGGER_KILL_EVERY", "6"))
class Mortal(World):
    def __init__(self, automatic):
        super().__init__("die_at", automatic)

    def arm(self, commits):
        self.levers[0], self.levers[1] = commits, 0

    def commits(self):
        return self.levers[1]


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

        world.until(end, LIMIT, f"commit {at} or the story's end")
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
        world.until(world.ready, LIMIT, "riggerd to become ready")

    def settle(self, world, story, answer, at):
        last, allowed = [], story.ends(answer)

        def settled():
            last[:] = world.wrong() or story.also(world, answer)
            if not last and allowed is not None and set(world.phases()) not in allowed:
                last.append(f"{set(world.phases())} run, and not one of {allowed}")
            return not last

        try:
            world.until(settled, LIMIT, "order")
        except AssertionError as error:
            raise AssertionError(f"killed at commit {at}: {last}\n{error}") from None

    def play(self, name):
        story, deaths, at = STORIES[name](), 0, 1
        with Mortal(story.automatic) as world:
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
