// What runs here, and how to change it: insts, deployments, deploy, undeploy, recycle.
#include "catalogue.hpp"

namespace gepetto {

const char *const kDeploymentCommands = R"json(
{"name":"insts","group":"deployments","effect":"read","watch":true,"http":{"method":"GET","path":"/v1/insts"},
 "summary":{"en":"List deployments and the state of their pods","zh":"列出部署及其 Pod 状态"},
 "description":{"en":"Ready ones first, then by node and chute. STATUS is that of the job, POD-STATE that of its first pod; REASON and MESSAGE say why a pod waits or ended.",
                "zh":"就绪者在前，其余按节点和 chute 排序。状态取自 Job，Pod 状态取自其第一个 Pod；原因和消息说明 Pod 为何等待或结束。"},
 "examples":["rigger insts","rigger insts -d gpu-01","rigger insts --watch"],
 "options":{"type":"object","additionalProperties":false,"properties":{
  "node":{"type":"string","description":"part of the node name, or the id of its server or an unambiguous prefix","x-zh":"节点名的子串，或服务器 ID 或无歧义的 ID 前缀","x-cli":{"short":"d","metavar":"NODE","complete":"servers"}}}},
 "result":{"kind":"list","items":"items","columns":[
  {"key":"deploymentId","title":"DEPLOYMENT-ID","zh":"部署 ID","type":"id","priority":2},
  {"key":"nodeName","title":"NODE-NAME","zh":"节点名","type":"string","elide":true,"priority":3},
  {"key":"offerName","title":"CHUTE-NAME","zh":"chute 名称","type":"string","elide":true,"priority":1},
  {"key":"gpuCount","title":"GPU","zh":"GPU","type":"integer","priority":7},
  {"key":"ready","title":"READY","zh":"就绪","type":"boolean","priority":4,"tones":{"true":"good","false":"warn"}},
  {"key":"status","title":"STATUS","zh":"状态","type":"string","priority":5,"tones":{"Active":"good","Succeeded":"good","Failed":"bad","Unknown":"warn"}},
  {"key":"podState","title":"POD-STATE","zh":"Pod 状态","type":"string","priority":6,"tones":{"Running":"good","Succeeded":"good","Failed":"bad","Pending":"warn"}},
  {"key":"startTime","title":"START-TIME","zh":"启动时间","type":"time","priority":8},
  {"key":"reason","title":"REASON","zh":"原因","type":"string","elide":true,"priority":9},
  {"key":"message","title":"MESSAGE","zh":"消息","type":"string","elide":true,"priority":10},
  {"key":"phase","title":"PHASE","zh":"阶段","type":"string","wide":true},
  {"key":"offerId","title":"CHUTE-ID","zh":"chute ID","type":"id","wide":true},
  {"key":"instanceId","title":"INSTANCE-ID","zh":"实例 ID","type":"id","wide":true},
  {"key":"serverId","title":"SERVER-ID","zh":"服务器 ID","type":"id","wide":true},
  {"key":"createdAt","title":"CREATED","zh":"创建时间","type":"time","wide":true}]}},
{"name":"deployments","group":"deployments","effect":"read","watch":true,"http":{"method":"GET","path":"/v1/deployments"},
 "summary":{"en":"List deployments as they are on record, with the phase of their life","zh":"列出登记在册的部署及其生命周期阶段"},
 "examples":["rigger deployments -o json"],
 "options":{"type":"object","additionalProperties":false,"properties":{}},
 "result":{"kind":"list","items":"items","columns":[
  {"key":"id","title":"DEPLOYMENT-ID","zh":"部署 ID","type":"id","priority":2},
  {"key":"offerName","title":"CHUTE-NAME","zh":"chute 名称","type":"string","elide":true,"priority":1},
  {"key":"serverName","title":"SERVER","zh":"服务器","type":"string","elide":true,"priority":3},
  {"key":"phase","title":"PHASE","zh":"阶段","type":"string","priority":4,"tones":{"active":"good","verified":"good","terminating":"warn","gone":"bad"}},
  {"key":"phaseSince","title":"SINCE","zh":"自","type":"time","priority":5},
  {"key":"instanceId","title":"INSTANCE-ID","zh":"实例 ID","type":"id","priority":7},
  {"key":"endCause","title":"END-CAUSE","zh":"结束原因","type":"string","priority":6},
  {"key":"offerId","title":"CHUTE-ID","zh":"chute ID","type":"id","wide":true},
  {"key":"serverId","title":"SERVER-ID","zh":"服务器 ID","type":"id","wide":true},
  {"key":"cluster","title":"CLUSTER","zh":"集群","type":"string","wide":true},
  {"key":"host","title":"HOST","zh":"主机","type":"string","wide":true},
  {"key":"port","title":"PORT","zh":"端口","type":"integer","wide":true},
  {"key":"gpus","title":"GPU-IDS","zh":"GPU ID","type":"list","wide":true},
  {"key":"source","title":"SOURCE","zh":"来源","type":"string","wide":true},
  {"key":"createdAt","title":"CREATED","zh":"创建时间","type":"time","wide":true},
  {"key":"endReason","title":"END-REASON","zh":"结束说明","type":"string","wide":true}]}},
{"name":"deploy","group":"deployments","effect":"write","http":{"method":"POST","path":"/v1/deployments"},
 "summary":{"en":"Deploy a chute on a server","zh":"把 chute 部署到服务器"},
 "description":{"en":"Physical rules (GPU model, free GPUs, lock, TEE, disk, ban) hold; the market's rules and the failure memory do not. --dry-run shows the plan and changes nothing; --wait returns when the deployment is active or has failed.",
                "zh":"物理规则（GPU 型号、空闲 GPU、锁定、TEE、磁盘、禁用）仍然有效；市场规则和失败记忆不适用。--dry-run 只显示计划而不做任何改动；--wait 等到部署变为活动或失败才返回。"},
 "examples":["rigger deploy -c Qwen/Qwen3-32B -s gpu-01 --dry-run","rigger deploy -c 67df0a -s gpu-01 --wait"],
 "options":{"type":"object","additionalProperties":false,"required":["chute","server"],"properties":{
  "chute":{"type":"string","minLength":1,"description":"id, name, or unambiguous prefix of the id","x-zh":"ID、名称或无歧义的 ID 前缀","x-cli":{"short":"c","aliases":["chute_id"],"metavar":"CHUTE","complete":"offers"}},
  "server":{"type":"string","minLength":1,"description":"id, name, or unambiguous prefix of the id","x-zh":"ID、名称或无歧义的 ID 前缀","x-cli":{"short":"s","aliases":["server_id"],"metavar":"SERVER","complete":"servers"}},
  "dryRun":{"type":"boolean","default":false,"description":"show the plan, change nothing","x-zh":"只显示计划，不做改动"},
  "wait":{"type":"boolean","default":false,"description":"return when it is active or has failed","x-zh":"等到其变为活动或失败再返回","x-cli":{"short":"w"}}}},
 "result":{"kind":"plan"}},
{"name":"undeploy","group":"deployments","effect":"destructive","http":{"method":"DELETE","path":"/v1/deployments/{deployment}"},
 "summary":{"en":"End a deployment","zh":"结束一个部署"},
 "description":{"en":"Removes its objects from the cluster, then its record at the validator; the GPUs are free when the pod is gone. An operator's wish never counts as a failure of the chute.",
                "zh":"先从集群删除其对象，再删除验证者处的记录；Pod 消失后 GPU 即被释放。操作员主动结束不计为 chute 的失败。"},
 "examples":["rigger undeploy -i 3f2a91c0","rigger undeploy 3f2a91c0 --reason maintenance --wait"],
 "options":{"type":"object","additionalProperties":false,"required":["deployment"],"properties":{
  "deployment":{"type":"string","minLength":1,"description":"id of the deployment, or an unambiguous prefix of it","x-zh":"部署 ID 或其无歧义前缀","x-cli":{"short":"i","position":0,"aliases":["depl_id","depl-id","deployment_id"],"metavar":"DEPLOYMENT","complete":"deployments"}},
  "reason":{"type":"string","maxLength":512,"description":"for the journal","x-zh":"写入日志的原因","x-cli":{"short":"r","metavar":"TEXT"}},
  "dryRun":{"type":"boolean","default":false,"description":"show the plan, change nothing","x-zh":"只显示计划，不做改动"},
  "wait":{"type":"boolean","default":false,"description":"return when it is gone","x-zh":"等到其消失再返回","x-cli":{"short":"w"}}}},
 "result":{"kind":"plan"}},
{"name":"recycle","group":"deployments","effect":"destructive","http":{"method":"POST","path":"/v1/recycle"},
 "summary":{"en":"Synchronise once and reconcile once, now","zh":"立即同步一次并对账一次"},
 "description":{"en":"Compares records, clusters and validators and repairs what differs. Deletions need complete and fresh views and a budget; what that holds back is shown, and the exit code is 6. --force lifts the budget for this pass and nothing else.",
                "zh":"比较记录、集群和验证者并修复差异。删除需要完整且新鲜的视图，并受预算限制；被推迟的动作会显示出来，退出码为 6。--force 只取消本次的预算限制。"},
 "examples":["rigger recycle --dry-run","rigger recycle","rigger recycle --force"],
 "options":{"type":"object","additionalProperties":false,"properties":{
  "dryRun":{"type":"boolean","default":false,"description":"show the plan, change nothing","x-zh":"只显示计划，不做改动"},
  "force":{"type":"boolean","default":false,"description":"lift the deletion budget for this pass","x-zh":"本次取消删除预算限制"}}},
 "result":{"kind":"plan"}}
)json";

} // namespace gepetto
