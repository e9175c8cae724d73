// The machines: nodes, pods, servers, gpus.
#include "catalogue.hpp"

namespace gepetto {

const char *const kFleetCommands = R"json(
{"name":"nodes","group":"fleet","effect":"read","watch":true,"http":{"method":"GET","path":"/v1/nodes"},
 "summary":{"en":"List the cluster nodes, their state and their disks","zh":"列出集群节点及其状态和磁盘"},
 "description":{"en":"One line per node of every cluster, sorted by name. STATUS is the node's own Ready condition; Cordoned, that its owner wants nothing new on it (kubectl cordon); Unknown, that the cluster has not answered lately. -o wide adds GPUs, price, lock and TEE; OTHERS is how many GPUs pods ask for that are not rigger's.",
                "zh":"列出所有集群的节点，每个节点一行，按名称排序。状态取自节点自身的 Ready 条件；Cordoned 表示节点不再接收新的工作负载（kubectl cordon）；Unknown 表示集群近期没有应答。-o wide 还会显示 GPU、价格、锁定和 TEE；“他人占用”是非 rigger 的 Pod 所请求的 GPU 数。"},
 "examples":["rigger nodes","rigger nodes -o wide","rigger nodes --watch"],
 "options":{"type":"object","additionalProperties":false,"properties":{}},
 "result":{"kind":"list","items":"items","columns":[
  {"key":"serverId","title":"SERVER-ID","zh":"服务器 ID","type":"id","priority":4},
  {"key":"nodeName","title":"NODE-NAME","zh":"节点名","type":"string","priority":1},
  {"key":"ipAddress","title":"IP-ADDRESS","zh":"IP 地址","type":"string","priority":5},
  {"key":"status","title":"STATUS","zh":"状态","type":"string","priority":2,"tones":{"Ready":"good","Cordoned":"warn","NotReady":"bad","Unknown":"warn"}},
  {"key":"diskTotalGb","title":"DISK-GB","zh":"磁盘 GB","type":"number","decimals":1,"priority":3},
  {"key":"diskUsedGb","title":"USED-GB","zh":"已用 GB","type":"number","decimals":1,"priority":3},
  {"key":"gpuModel","title":"GPU-MODEL","zh":"GPU 型号","type":"string","wide":true},
  {"key":"gpuCount","title":"GPUS","zh":"GPU 数","type":"integer","wide":true},
  {"key":"gpuFree","title":"FREE","zh":"空闲","type":"integer","wide":true},
  {"key":"gpuOthers","title":"OTHERS","zh":"他人占用","type":"integer","wide":true},
  {"key":"gpuVerified","title":"VERIFIED","zh":"已验证","type":"integer","wide":true},
  {"key":"hourlyCost","title":"USD-GPU-HOUR","zh":"美元/GPU/小时","type":"number","decimals":2,"wide":true},
  {"key":"locked","title":"LOCKED","zh":"锁定","type":"boolean","wide":true},
  {"key":"tee","title":"TEE","zh":"TEE","type":"boolean","wide":true},
  {"key":"cluster","title":"CLUSTER","zh":"集群","type":"string","wide":true}]}},
{"name":"pods","group":"fleet","effect":"read","watch":true,"http":{"method":"GET","path":"/v1/pods"},
 "summary":{"en":"List pods of all namespaces, or of one","zh":"列出全部或某个命名空间的 Pod"},
 "description":{"en":"Sorted by namespace, node and name. A pod that has no node or address yet shows a dash there.",
                "zh":"按命名空间、节点和名称排序。尚未分配节点或地址的 Pod 相应栏显示短横线。"},
 "examples":["rigger pods","rigger pods -n chutes"],
 "options":{"type":"object","additionalProperties":false,"properties":{
  "namespace":{"type":"string","description":"exact name of the namespace","x-zh":"命名空间的完整名称","x-cli":{"short":"n","aliases":["ns"],"metavar":"NS","complete":"namespaces"}}}},
 "result":{"kind":"list","items":"items","columns":[
  {"key":"namespace","title":"NAMESPACE","zh":"命名空间","type":"string","priority":5},
  {"key":"nodeName","title":"NODE-NAME","zh":"节点名","type":"string","priority":3},
  {"key":"podName","title":"POD-NAME","zh":"Pod 名","type":"string","elide":true,"priority":1},
  {"key":"status","title":"STATUS","zh":"状态","type":"string","priority":2,"tones":{"Running":"good","Succeeded":"good","Failed":"bad","Pending":"warn","Unknown":"warn"}},
  {"key":"podIp","title":"POD-IP","zh":"Pod IP","type":"string","priority":6},
  {"key":"startTime","title":"START-TIME","zh":"启动时间","type":"time","priority":4},
  {"key":"ready","title":"READY","zh":"就绪","type":"boolean","wide":true},
  {"key":"restarts","title":"RESTARTS","zh":"重启次数","type":"integer","wide":true},
  {"key":"cluster","title":"CLUSTER","zh":"集群","type":"string","wide":true},
  {"key":"deploymentId","title":"DEPLOYMENT-ID","zh":"部署 ID","type":"id","wide":true}]}},
{"name":"servers","group":"fleet","effect":"read","watch":true,"http":{"method":"GET","path":"/v1/servers"},
 "summary":{"en":"List the servers as they are on record","zh":"列出登记在册的服务器"},
 "examples":["rigger servers -o json"],
 "options":{"type":"object","additionalProperties":false,"properties":{}},
 "result":{"kind":"list","items":"items","columns":[
  {"key":"id","title":"SERVER-ID","zh":"服务器 ID","type":"id","priority":5},
  {"key":"name","title":"NAME","zh":"名称","type":"string","priority":1},
  {"key":"ipAddress","title":"IP-ADDRESS","zh":"IP 地址","type":"string","priority":6},
  {"key":"cluster","title":"CLUSTER","zh":"集群","type":"string","priority":7},
  {"key":"gpuCount","title":"GPUS","zh":"GPU 数","type":"integer","priority":3},
  {"key":"hourlyCost","title":"USD-GPU-HOUR","zh":"美元/GPU/小时","type":"number","decimals":2,"priority":4},
  {"key":"status","title":"STATUS","zh":"状态","type":"string","priority":2,"tones":{"Ready":"good","Cordoned":"warn","NotReady":"bad","Unknown":"warn"}},
  {"key":"locked","title":"LOCKED","zh":"锁定","type":"boolean","priority":2,"tones":{"true":"warn"}},
  {"key":"tee","title":"TEE","zh":"TEE","type":"boolean","priority":8},
  {"key":"validator","title":"VALIDATOR","zh":"验证者","type":"string","wide":true},
  {"key":"createdAt","title":"CREATED","zh":"创建时间","type":"time","wide":true}]}},
{"name":"gpus","group":"fleet","effect":"read","watch":true,"http":{"method":"GET","path":"/v1/gpus"},
 "summary":{"en":"List the GPUs, their model, state and user","zh":"列出 GPU 的型号、状态和使用者"},
 "examples":["rigger gpus"],
 "options":{"type":"object","additionalProperties":false,"properties":{}},
 "result":{"kind":"list","items":"items","columns":[
  {"key":"id","title":"GPU-ID","zh":"GPU ID","type":"id","priority":1},
  {"key":"serverName","title":"SERVER","zh":"服务器","type":"string","priority":2},
  {"key":"model","title":"MODEL","zh":"型号","type":"string","priority":3},
  {"key":"verified","title":"VERIFIED","zh":"已验证","type":"boolean","priority":4,"tones":{"true":"good","false":"warn"}},
  {"key":"reserved","title":"RESERVED","zh":"保留","type":"boolean","priority":6},
  {"key":"deploymentId","title":"DEPLOYMENT-ID","zh":"部署 ID","type":"id","priority":5},
  {"key":"setAside","title":"SET-ASIDE","zh":"为他人留出","type":"boolean","wide":true},
  {"key":"serverId","title":"SERVER-ID","zh":"服务器 ID","type":"id","wide":true}]}}
)json";

} // namespace gepetto
