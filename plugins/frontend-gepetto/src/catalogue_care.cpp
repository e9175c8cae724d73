// The daemon's own health, its memory, and the operator's vetoes: status, events, failures, ban, unban, lock, unlock,
// forget, sync.
#include "catalogue.hpp"

namespace gepetto {

const char *const kCareCommands = R"json(
{"name":"status","group":"care","effect":"read","watch":true,"http":{"method":"GET","path":"/v1/status"},
 "summary":{"en":"Show loops, views and their age, plugins, store, queues and the last errors","zh":"显示循环、视图及其新鲜度、插件、存储、队列和最近的错误"},
 "examples":["rigger status","rigger status -o json"],
 "options":{"type":"object","additionalProperties":false,"properties":{}},
 "result":{"kind":"record","columns":[
  {"key":"version","title":"version","zh":"版本"},{"key":"uptimeSeconds","title":"uptime seconds","zh":"运行时长（秒）"},{"key":"healthy","title":"healthy","zh":"健康"},
  {"key":"snapshot","title":"snapshot","zh":"快照"},{"key":"takenAt","title":"taken at","zh":"快照时间"},{"key":"warnings","title":"warnings","zh":"警告"},
  {"key":"loops","title":"loops","zh":"循环"},{"key":"sources","title":"sources","zh":"来源"},{"key":"clusters","title":"clusters","zh":"集群"},
  {"key":"views","title":"views","zh":"视图"},{"key":"deployments","title":"deployments","zh":"部署"},{"key":"gpus","title":"gpus","zh":"GPU"},
  {"key":"offers","title":"offers","zh":"chute"},{"key":"servers","title":"servers","zh":"服务器"},{"key":"plugins","title":"plugins","zh":"插件"},
  {"key":"store","title":"store","zh":"存储"},{"key":"queues","title":"queues","zh":"队列"},{"key":"machinery","title":"machinery","zh":"内部机制"},
  {"key":"events","title":"events","zh":"事件"},{"key":"decisions","title":"decisions","zh":"决策"},{"key":"stuck","title":"stuck","zh":"停滞"},
  {"key":"heldBackTotal","title":"held back total","zh":"推迟总数"},{"key":"heldBack","title":"held back","zh":"被推迟"},{"key":"lastErrors","title":"last errors","zh":"最近的错误"},
  {"key":"name","title":"name","zh":"名称"},{"key":"runs","title":"runs","zh":"运行次数"},{"key":"failures","title":"failures","zh":"失败"},
  {"key":"running","title":"running","zh":"运行中"},{"key":"lastRun","title":"last run","zh":"上次运行"},{"key":"lastSeconds","title":"last seconds","zh":"上次耗时（秒）"},
  {"key":"lastError","title":"last error","zh":"最近的错误"},{"key":"lastErrorAt","title":"last error at","zh":"错误时间"},{"key":"recovered","title":"recovered","zh":"已恢复"},
  {"key":"attached","title":"attached","zh":"已连接"},{"key":"disconnects","title":"disconnects","zh":"断开次数"},{"key":"malformed","title":"malformed","zh":"无法解析"},
  {"key":"nodes","title":"nodes","zh":"节点"},{"key":"pods","title":"pods","zh":"Pod"},{"key":"complete","title":"complete","zh":"完整"},
  {"key":"ageSeconds","title":"age seconds","zh":"距今（秒）"},{"key":"generation","title":"generation","zh":"代次"},{"key":"error","title":"error","zh":"错误"},
  {"key":"total","title":"total","zh":"总数"},{"key":"used","title":"used","zh":"已用"},{"key":"free","title":"free","zh":"空闲"},{"key":"state","title":"state","zh":"状态"},
  {"key":"nextCommand","title":"next command","zh":"下一步命令"},{"key":"breaker","title":"breaker","zh":"熔断"},{"key":"calls","title":"calls","zh":"调用"},
  {"key":"p99Seconds","title":"p99 seconds","zh":"P99（秒）"},{"key":"cpuSeconds","title":"cpu seconds","zh":"CPU（秒）"},{"key":"component","title":"component","zh":"组件"},
  {"key":"kind","title":"kind","zh":"种类"},{"key":"id","title":"id","zh":"插件"},{"key":"since","title":"since","zh":"自"},
  {"key":"misbehaviours","title":"misbehaviours","zh":"违规"},{"key":"weight","title":"weight","zh":"权重"},{"key":"required","title":"required","zh":"必需"},
  {"key":"origin","title":"origin","zh":"来源"},{"key":"file","title":"file","zh":"文件"},{"key":"digest","title":"digest","zh":"摘要"},{"key":"ok","title":"ok","zh":"正常"},
  {"key":"effectsInFlight","title":"effects in flight","zh":"执行中的操作"},{"key":"commitsWaiting","title":"commits waiting","zh":"等待提交"},
  {"key":"writtenOff","title":"written off","zh":"已放弃"},{"key":"messagesWaiting","title":"messages waiting","zh":"等待的消息"},
  {"key":"effectsWaiting","title":"effects waiting","zh":"等待的操作"},{"key":"callsThatHang","title":"calls that hang","zh":"挂起的调用"},
  {"key":"handled","title":"handled","zh":"已处理"},{"key":"repeated","title":"repeated","zh":"重复"},{"key":"deploymentId","title":"deployment id","zh":"部署 ID"},
  {"key":"phase","title":"phase","zh":"阶段"},{"key":"waitingFor","title":"waiting for","zh":"等待对象"},{"key":"attempts","title":"attempts","zh":"尝试次数"},
  {"key":"verb","title":"verb","zh":"动作"},{"key":"target","title":"target","zh":"目标"},{"key":"cause","title":"cause","zh":"起因"},{"key":"reason","title":"reason","zh":"原因"},
  {"key":"code","title":"code","zh":"代码"},{"key":"text","title":"text","zh":"推迟原因"},{"key":"at","title":"at","zh":"时间"},{"key":"part","title":"part","zh":"部分"},
  {"key":"message","title":"message","zh":"消息"},{"key":"count","title":"count","zh":"次数"}]}},
{"name":"events","group":"care","effect":"read","watch":true,"http":{"method":"GET","path":"/v1/events"},
 "summary":{"en":"Show the journal, the newest first","zh":"显示事件日志，最新的在前"},
 "examples":["rigger events --limit 20","rigger events --type operator","rigger events 1b4e28ba --watch"],
 "options":{"type":"object","additionalProperties":false,"properties":{
  "limit":{"type":"integer","minimum":1,"maximum":10000,"default":100,"description":"only the newest so many","x-zh":"只显示最新的若干条","x-cli":{"short":"l","metavar":"N"}},
  "deployment":{"type":"string","minLength":1,"description":"only what is about this deployment: its id or its instance's, or the beginning of one","x-zh":"只显示与该部署有关的事件：部署或实例的 ID，或其开头","x-cli":{"short":"i","position":0,"metavar":"DEPLOYMENT","complete":"deployments"}},
  "type":{"type":"string","minLength":1,"description":"only events whose type begins like this","x-zh":"只显示类型以此开头的事件","x-cli":{"short":"t","metavar":"TYPE"}}}},
 "result":{"kind":"list","items":"items","columns":[
  {"key":"at","title":"TIME","zh":"时间","type":"time","priority":1},
  {"key":"type","title":"TYPE","zh":"类型","type":"string","priority":2},
  {"key":"offerName","title":"CHUTE","zh":"chute","type":"string","elide":true,"priority":4},
  {"key":"serverName","title":"SERVER","zh":"服务器","type":"string","elide":true,"priority":5},
  {"key":"message","title":"MESSAGE","zh":"消息","type":"string","elide":true,"priority":3},
  {"key":"subject","title":"SUBJECT","zh":"对象","type":"id","priority":6},
  {"key":"source","title":"SOURCE","zh":"来源","type":"string","wide":true},
  {"key":"id","title":"ID","zh":"ID","type":"id","wide":true}]}},
{"name":"failures","group":"care","effect":"read","watch":true,"http":{"method":"GET","path":"/v1/failures"},
 "summary":{"en":"Show which chutes are avoided or banned, where, why and until when","zh":"显示被避开或禁用的 chute、所在服务器、原因和截止时间"},
 "examples":["rigger failures"],
 "options":{"type":"object","additionalProperties":false,"properties":{}},
 "result":{"kind":"list","items":"items","columns":[
  {"key":"offerName","title":"CHUTE-NAME","zh":"chute 名称","type":"string","elide":true,"priority":1},
  {"key":"serverName","title":"SERVER","zh":"服务器","type":"string","elide":true,"priority":3},
  {"key":"until","title":"UNTIL","zh":"截止","type":"time","priority":2},
  {"key":"cause","title":"CAUSE","zh":"原因","type":"string","elide":true,"priority":4},
  {"key":"failedAt","title":"FAILED-AT","zh":"失败时间","type":"time","priority":5},
  {"key":"kind","title":"KIND","zh":"类别","type":"string","priority":6},
  {"key":"offerId","title":"CHUTE-ID","zh":"chute ID","type":"id","wide":true},
  {"key":"serverId","title":"SERVER-ID","zh":"服务器 ID","type":"id","wide":true}]}},
{"name":"ban","group":"care","effect":"write","http":{"method":"POST","path":"/v1/bans"},
 "summary":{"en":"Never place a chute again, until unban","zh":"禁用某 chute，直到 unban"},
 "description":{"en":"Running deployments of it are left alone; end them with `rigger undeploy`.","zh":"已在运行的部署不受影响；可用 `rigger undeploy` 结束。"},
 "examples":["rigger ban 67df0a --reason 'loses money'"],
 "options":{"type":"object","additionalProperties":false,"required":["chute"],"properties":{
  "chute":{"type":"string","minLength":1,"description":"id, name, or unambiguous prefix of the id","x-zh":"ID、名称或无歧义的 ID 前缀","x-cli":{"short":"c","position":0,"metavar":"CHUTE","complete":"offers"}},
  "reason":{"type":"string","maxLength":512,"description":"for the journal","x-zh":"写入日志的原因","x-cli":{"short":"r","metavar":"TEXT"}}}},
 "result":{"kind":"record","columns":[
  {"key":"offerId","title":"offer id","zh":"chute ID"},{"key":"banned","title":"banned","zh":"禁用"},{"key":"reason","title":"reason","zh":"原因"},
  {"key":"by","title":"by","zh":"操作者"}]}},
{"name":"unban","group":"care","effect":"write","http":{"method":"DELETE","path":"/v1/bans/{chute}"},
 "summary":{"en":"Allow a banned chute again","zh":"重新允许被禁用的 chute"},
 "examples":["rigger unban 67df0a"],
 "options":{"type":"object","additionalProperties":false,"required":["chute"],"properties":{
  "chute":{"type":"string","minLength":1,"description":"id, name, or unambiguous prefix of the id","x-zh":"ID、名称或无歧义的 ID 前缀","x-cli":{"short":"c","position":0,"metavar":"CHUTE","complete":"offers"}}}},
 "result":{"kind":"record","columns":[
  {"key":"offerId","title":"offer id","zh":"chute ID"},{"key":"banned","title":"banned","zh":"禁用"},{"key":"reason","title":"reason","zh":"原因"},
  {"key":"by","title":"by","zh":"操作者"}]}},
{"name":"lock","group":"care","effect":"write","http":{"method":"POST","path":"/v1/servers/{server}/lock"},
 "summary":{"en":"Place nothing new on a server","zh":"不再向服务器放置新的工作负载"},
 "description":{"en":"What runs there goes on.","zh":"其上已有的部署继续运行。"},
 "examples":["rigger lock gpu-01"],
 "options":{"type":"object","additionalProperties":false,"required":["server"],"properties":{
  "server":{"type":"string","minLength":1,"description":"id, name, or unambiguous prefix of the id","x-zh":"ID、名称或无歧义的 ID 前缀","x-cli":{"short":"s","position":0,"metavar":"SERVER","complete":"servers"}}}},
 "result":{"kind":"record","columns":[
  {"key":"serverId","title":"server id","zh":"服务器 ID"},{"key":"serverName","title":"server name","zh":"服务器名"},{"key":"locked","title":"locked","zh":"锁定"},
  {"key":"by","title":"by","zh":"操作者"}]}},
{"name":"unlock","group":"care","effect":"write","http":{"method":"POST","path":"/v1/servers/{server}/unlock"},
 "summary":{"en":"Use a locked server again","zh":"重新启用被锁定的服务器"},
 "examples":["rigger unlock gpu-01"],
 "options":{"type":"object","additionalProperties":false,"required":["server"],"properties":{
  "server":{"type":"string","minLength":1,"description":"id, name, or unambiguous prefix of the id","x-zh":"ID、名称或无歧义的 ID 前缀","x-cli":{"short":"s","position":0,"metavar":"SERVER","complete":"servers"}}}},
 "result":{"kind":"record","columns":[
  {"key":"serverId","title":"server id","zh":"服务器 ID"},{"key":"serverName","title":"server name","zh":"服务器名"},{"key":"locked","title":"locked","zh":"锁定"},
  {"key":"by","title":"by","zh":"操作者"}]}},
{"name":"forget","group":"care","effect":"destructive","http":{"method":"DELETE","path":"/v1/servers/{server}"},
 "summary":{"en":"Take a server off the record that is gone for good","zh":"从记录中删除已永久移除的服务器"},
 "description":{"en":"Refused while its cluster shows the node, while the cluster cannot be seen, or while deployments on it are not confirmed gone. --force takes your word for it that the machine is gone: its deployments are ended with it and their claims released. A node that comes back becomes a new server.",
                "zh":"若集群仍显示该节点、集群不可见，或其上的部署尚未确认消失，则拒绝执行。--force 表示您确认该机器已不存在：其上的部署随之结束并释放占用。节点若重新出现，将登记为新服务器。"},
 "examples":["rigger forget gpu-07 --dry-run","rigger forget gpu-07","rigger forget gpu-07 --force"],
 "options":{"type":"object","additionalProperties":false,"required":["server"],"properties":{
  "server":{"type":"string","minLength":1,"description":"id, name, or unambiguous prefix of the id","x-zh":"ID、名称或无歧义的 ID 前缀","x-cli":{"short":"s","position":0,"metavar":"SERVER","complete":"servers"}},
  "dryRun":{"type":"boolean","default":false,"description":"show the plan, change nothing","x-zh":"只显示计划，不做改动"},
  "force":{"type":"boolean","default":false,"description":"the machine is gone, whatever is still on record or cannot be seen","x-zh":"确认机器已不存在，不论记录如何或是否可见"}}},
 "result":{"kind":"plan"}},
{"name":"sync","group":"care","effect":"write","http":{"method":"POST","path":"/v1/sync"},
 "summary":{"en":"Read the sources anew, now","zh":"立即重新读取来源"},
 "examples":["rigger sync","rigger sync --source catalog"],
 "options":{"type":"object","additionalProperties":false,"properties":{
  "source":{"type":"string","minLength":1,"description":"only this source","x-zh":"只读取该来源","x-cli":{"metavar":"SOURCE"}}}},
 "result":{"kind":"record","columns":[
  {"key":"sources","title":"sources","zh":"来源"}]}}
)json";

} // namespace gepetto
