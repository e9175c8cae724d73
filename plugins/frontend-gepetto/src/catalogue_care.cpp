// The daemon's own health, its memory, and the operator's vetoes: status, events, failures, ban, unban, lock, unlock,
// forget, sync.
#include "catalogue.hpp"

namespace gepetto {

const char *const kCareCommands = R"json(
{"name":"status","group":"care","effect":"read","watch":true,"http":{"method":"GET","path":"/v1/status"},
 "summary":{"en":"Show loops, views and their age, plugins, store, queues and the last errors","zh":"显示循环、视图及其新鲜度、插件、存储、队列和最近的错误"},
 "examples":["rigger status","rigger status -o json"],
 "options":{"type":"object","additionalProperties":false,"properties":{}},
 "result":{"kind":"record"}},
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
 "result":{"kind":"record"}},
{"name":"unban","group":"care","effect":"write","http":{"method":"DELETE","path":"/v1/bans/{chute}"},
 "summary":{"en":"Allow a banned chute again","zh":"重新允许被禁用的 chute"},
 "examples":["rigger unban 67df0a"],
 "options":{"type":"object","additionalProperties":false,"required":["chute"],"properties":{
  "chute":{"type":"string","minLength":1,"description":"id, name, or unambiguous prefix of the id","x-zh":"ID、名称或无歧义的 ID 前缀","x-cli":{"short":"c","position":0,"metavar":"CHUTE","complete":"offers"}}}},
 "result":{"kind":"record"}},
{"name":"lock","group":"care","effect":"write","http":{"method":"POST","path":"/v1/servers/{server}/lock"},
 "summary":{"en":"Place nothing new on a server","zh":"不再向服务器放置新的工作负载"},
 "description":{"en":"What runs there goes on.","zh":"其上已有的部署继续运行。"},
 "examples":["rigger lock gpu-01"],
 "options":{"type":"object","additionalProperties":false,"required":["server"],"properties":{
  "server":{"type":"string","minLength":1,"description":"id, name, or unambiguous prefix of the id","x-zh":"ID、名称或无歧义的 ID 前缀","x-cli":{"short":"s","position":0,"metavar":"SERVER","complete":"servers"}}}},
 "result":{"kind":"record"}},
{"name":"unlock","group":"care","effect":"write","http":{"method":"POST","path":"/v1/servers/{server}/unlock"},
 "summary":{"en":"Use a locked server again","zh":"重新启用被锁定的服务器"},
 "examples":["rigger unlock gpu-01"],
 "options":{"type":"object","additionalProperties":false,"required":["server"],"properties":{
  "server":{"type":"string","minLength":1,"description":"id, name, or unambiguous prefix of the id","x-zh":"ID、名称或无歧义的 ID 前缀","x-cli":{"short":"s","position":0,"metavar":"SERVER","complete":"servers"}}}},
 "result":{"kind":"record"}},
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
 "result":{"kind":"record"}}
)json";

} // namespace gepetto
