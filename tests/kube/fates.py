"""What becomes of a pod: each function takes a Pod and gives the status that a kubelet would report in the end."""


def _containers(pod, kind, state, ready=False, restarts=0):
    return [{"name": c["name"], "image": c["image"], "imageID": "", "ready": ready, "started": ready, "restartCount": restarts, "state": state, "lastState": {}} for c in pod["spec"].get(kind, [])]


def _status(pod, phase, state, ready=False, initialized=True, **more):
    since = pod["metadata"]["creationTimestamp"]
    conditions = [{"type": kind, "status": "True" if value else "False", "lastTransitionTime": since}
                  for kind, value in (("Initialized", initialized), ("Ready", ready), ("ContainersReady", ready), ("PodScheduled", True))]
    init = {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": since, "finishedAt": since}} if initialized else {"waiting": {"reason": "PodInitializing"}}
    status = {"phase": phase, "conditions": conditions, "hostIP": "127.0.0.1", "podIP": "10.1.2.3", "startTime": pod.get("status", {}).get("startTime", since), "qosClass": "Burstable", **more}
    if state:
        status["containerStatuses"] = _containers(pod, "containers", state, ready)
        status["initContainerStatuses"] = _containers(pod, "initContainers", init, initialized)
    return status


def running(pod):
    return _status(pod, "Running", {"running": {"startedAt": pod["metadata"]["creationTimestamp"]}}, ready=True)


def pending(pod):
    return _status(pod, "Pending", {"waiting": {"reason": "ContainerCreating"}}, initialized=False)


def image_pull(pod):
    return _status(pod, "Pending", {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image " + pod["spec"]["containers"][0]["image"]}})


def oom_killed(pod):
    since = pod["metadata"]["creationTimestamp"]
    return _status(pod, "Failed", {"terminated": {"exitCode": 137, "reason": "OOMKilled", "startedAt": since, "finishedAt": since}})


def evicted(pod):
    return _status(pod, "Failed", None, reason="Evicted", message="The node was low on resource: ephemeral-storage.")


def completed(pod):
    since = pod["metadata"]["creationTimestamp"]
    return _status(pod, "Succeeded", {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": since, "finishedAt": since}})
