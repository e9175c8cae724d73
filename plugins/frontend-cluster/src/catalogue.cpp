#include "commands.hpp"

namespace cluster_commands {

std::string catalogue() {
    return R"json({"commands":[
{"name":"clusters","group":"fleet","effect":"read","watch":true,"http":{"method":"GET","path":"/v1/clusters"},
 "summary":{"en":"Show each cluster's state, version, freshness and last error","zh":"显示各集群的状态、版本、新鲜度和最近的错误"},
 "description":{"en":"STATE is what the cluster answers now. FRESHNESS is complete while everything known of it is whole; otherwise its deployments are kept and shown as unknown. LAG is the age in seconds of the oldest of its watches. LAST-ERROR may be past: ERROR-AT says when it was seen last, RECOVERED whether it is over.",
                "zh":"状态为集群此刻的应答。新鲜度为 complete 表示其全部视图完整；否则保留其部署并显示为未知。延迟为其最旧监视流的秒数。最近的错误可能已过去：错误时间为最后一次见到它的时刻，已恢复表示它是否已结束。"},
 "examples":["rigger clusters","rigger clusters --watch"],
 "options":{"type":"object","additionalProperties":false,"properties":{}},
 "result":{"kind":"list","items":"items","columns":[
  {"key":"name","title":"CLUSTER","zh":"集群","type":"string","priority":1},
  {"key":"state","title":"STATE","zh":"状态","type":"string","priority":2,"tones":{"ready":"good","starting":"warn","unreachable":"bad","unknown":"bad"}},
  {"key":"version","title":"VERSION","zh":"版本","type":"string","priority":5},
  {"key":"freshness","title":"FRESHNESS","zh":"新鲜度","type":"string","priority":3,"tones":{"complete":"good","unknown":"bad"}},
  {"key":"lagSeconds","title":"LAG","zh":"延迟","type":"number","decimals":1,"priority":4},
  {"key":"nodes","title":"NODES","zh":"节点","type":"integer","priority":7},
  {"key":"pods","title":"PODS","zh":"Pod","type":"integer","priority":8},
  {"key":"lastErrorAt","title":"ERROR-AT","zh":"错误时间","type":"time","priority":6},
  {"key":"recovered","title":"RECOVERED","zh":"已恢复","type":"boolean","wide":true,"tones":{"true":"good","false":"bad"}},
  {"key":"lastError","title":"LAST-ERROR","zh":"最近的错误","type":"string","elide":true,"priority":6},
  {"key":"disconnects","title":"DISCONNECTS","zh":"断开次数","type":"integer","wide":true}]}},
{"name":"cluster doctor","group":"fleet","effect":"read","http":{"method":"GET","path":"/v1/cluster/doctor"},
 "summary":{"en":"Examine clusters: reachability, TLS, version, each permission, GPU labels, storage; say what to do","zh":"检查集群：连通性、TLS、版本、各项权限、GPU 标签、存储，并给出处理办法"},
 "description":{"en":"Changes nothing. Ends with exit code 1 unless every check is ok; unknown is what could not be checked.","zh":"不做任何改动。除非所有检查均为 ok，否则退出码为 1；unknown 表示无法检查。"},
 "examples":["rigger cluster doctor","rigger cluster doctor --problems","rigger cluster doctor microk8s/microk8s -o json"],
 "options":{"type":"object","additionalProperties":false,"properties":{
  "cluster":{"type":"string","minLength":1,"description":"only this one, by its name in `rigger clusters` or the part behind the slash","x-zh":"仅检查该集群；名称见 `rigger clusters`，或其斜杠后的部分","x-cli":{"short":"c","position":0,"metavar":"CLUSTER","complete":"clusters"}},
  "problems":{"type":"boolean","default":false,"description":"only what is not ok","x-zh":"仅显示不为 ok 的检查项","x-cli":{"short":"p"}}}},
 "result":{"kind":"list","items":"items","verdict":"well","columns":[
  {"key":"cluster","title":"CLUSTER","zh":"集群","type":"string","priority":4},
  {"key":"check","title":"CHECK","zh":"检查项","type":"string","priority":1},
  {"key":"state","title":"STATE","zh":"状态","type":"string","priority":2,"tones":{"ok":"good","failed":"bad","unknown":"warn"}},
  {"key":"detail","title":"DETAIL","zh":"详情","type":"string","elide":true,"priority":5},
  {"key":"remedy","title":"REMEDY","zh":"处理办法","type":"string","elide":true,"priority":3}]}},
{"name":"logs","group":"deployments","effect":"read","stream":"follow","http":{"method":"GET","path":"/v1/logs/{deployment}"},
 "summary":{"en":"Show the log of a deployment's pod","zh":"显示部署的 Pod 日志"},
 "description":{"en":"Of the running pod, or else the youngest. Over HTTP a followed log is an event stream: each progress event holds lines as `text`.",
                "zh":"优先取正在运行的 Pod，否则取最新的。通过 HTTP 跟随日志时以事件流返回：每个 progress 事件的 `text` 为若干行。"},
 "examples":["rigger logs 1b4e28ba","rigger logs 1b4e28ba -f --tail 20","rigger logs 1b4e28ba --container cache-init"],
 "options":{"type":"object","additionalProperties":false,"required":["deployment"],"properties":{
  "deployment":{"type":"string","minLength":1,"description":"id of the deployment or of its instance, or an unambiguous prefix","x-zh":"部署或实例的 ID，或无歧义的前缀","x-cli":{"short":"i","position":0,"metavar":"INSTANCE","complete":"deployments"}},
  "follow":{"type":"boolean","default":false,"description":"go on showing what is added","x-zh":"持续显示新增内容","x-cli":{"short":"f"}},
  "tail":{"type":"integer","minimum":0,"maximum":1000000,"default":1000,"description":"only the last N lines","x-zh":"只显示最后 N 行","x-cli":{"metavar":"N"}},
  "container":{"type":"string","minLength":1,"description":"a container other than the main one","x-zh":"主容器以外的容器","x-cli":{"short":"c","metavar":"NAME"}},
  "pod":{"type":"string","minLength":1,"description":"this pod of the deployment","x-zh":"该部署的指定 Pod","x-cli":{"short":"p","metavar":"POD"}},
  "previous":{"type":"boolean","default":false,"description":"of the container's run before this one","x-zh":"容器上一次运行的日志"},
  "sinceSeconds":{"type":"integer","minimum":1,"description":"only what is younger","x-zh":"只显示最近若干秒内的内容","x-cli":{"metavar":"SECONDS"}}}},
 "result":{"kind":"text"}}
]})json";
}

} // namespace cluster_commands
