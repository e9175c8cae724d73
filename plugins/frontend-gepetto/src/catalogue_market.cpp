// What the market offers and what it is worth here: chutes, scales, plan, why-not.
#include "catalogue.hpp"

namespace gepetto {

const char *const kMarketCommands = R"json(
{"name":"chutes","group":"market","effect":"read","watch":true,"http":{"method":"GET","path":"/v1/chutes"},
 "summary":{"en":"Rank the chutes of the market by their gain","zh":"按收益给市场上的 chute 排名"},
 "description":{"en":"The best first. Chutes that cannot be scaled now (no metrics, not scalable, updating) are left out; --all shows them with the reason.",
                "zh":"收益最高者在前。当前无法扩容的 chute（无指标、不可扩容、更新中）不显示；用 --all 可连同原因一起显示。"},
 "examples":["rigger chutes","rigger chutes -g h100_sxm","rigger chutes --all -o json"],
 "options":{"type":"object","additionalProperties":false,"properties":{
  "gpu":{"type":"string","description":"only chutes that run on this GPU model (its exact short name)","x-zh":"只显示支持该 GPU 型号（准确简称）的 chute","x-cli":{"short":"g","metavar":"GPU","complete":"gpus"}},
  "all":{"type":"boolean","default":false,"description":"show also those that are skipped now","x-zh":"同时显示当前被跳过的 chute","x-cli":{"short":"a"}}}},
 "result":{"kind":"list","items":"items","columns":[
  {"key":"offerId","title":"CHUTE-ID","zh":"chute ID","type":"id","priority":4},
  {"key":"offerName","title":"CHUTE-NAME","zh":"chute 名称","type":"string","elide":true,"priority":1},
  {"key":"gain","title":"GAIN","zh":"收益","type":"number","decimals":2,"priority":2},
  {"key":"instances","title":"INST","zh":"实例","type":"integer","priority":5},
  {"key":"gpuModels","title":"GPU-SUPPORTED","zh":"支持的 GPU","type":"list","elide":true,"priority":6},
  {"key":"gpuCount","title":"GPU-COUNT","zh":"GPU 数","type":"integer","priority":3},
  {"key":"skipped","title":"SKIPPED","zh":"跳过原因","type":"string","wide":true},
  {"key":"preemptible","title":"PUBLIC","zh":"公共","type":"boolean","wide":true},
  {"key":"tee","title":"TEE","zh":"TEE","type":"boolean","wide":true},
  {"key":"computeMultiplier","title":"MULTIPLIER","zh":"算力系数","type":"number","decimals":3,"wide":true},
  {"key":"source","title":"SOURCE","zh":"来源","type":"string","wide":true},
  {"key":"version","title":"VERSION","zh":"版本","type":"string","wide":true}]}},
{"name":"scales","group":"market","effect":"read","watch":true,"http":{"method":"GET","path":"/v1/scales"},
 "summary":{"en":"Rank every chute on every server by value per GPU-dollar","zh":"按每 GPU 美元的价值给所有 chute 与服务器的组合排名"},
 "description":{"en":"Pairs for which model, free verified GPUs and lock speak. `-o wide` names in BLOCKED the rule by which automatic placement would still refuse one; `rigger why-not` explains it.",
                "zh":"只显示型号、空闲且已验证的 GPU、锁定状态都符合的组合。`-o wide` 的“阻止”列给出自动放置仍会拒绝它的规则，原因见 `rigger why-not`。"},
 "examples":["rigger scales","rigger scales -g h100_sxm -s gpu-01","rigger scales --limit 20"],
 "options":{"type":"object","additionalProperties":false,"properties":{
  "gpu":{"type":"string","description":"only chutes that run on this GPU model (its exact short name)","x-zh":"只显示支持该 GPU 型号（准确简称）的 chute","x-cli":{"short":"g","metavar":"GPU","complete":"gpus"}},
  "server":{"type":"string","description":"part of the server name, or the id or its unambiguous prefix","x-zh":"服务器名称的子串，或其 ID 或无歧义的 ID 前缀","x-cli":{"short":"s","metavar":"SERVER","complete":"servers"}},
  "limit":{"type":"integer","minimum":1,"maximum":1000000,"description":"only the best so many","x-zh":"只显示前若干项","x-cli":{"short":"l","metavar":"N"}}}},
 "result":{"kind":"list","items":"items","columns":[
  {"key":"offerId","title":"CHUTE-ID","zh":"chute ID","type":"id","priority":6},
  {"key":"offerName","title":"CHUTE-NAME","zh":"chute 名称","type":"string","elide":true,"priority":1},
  {"key":"serverId","title":"SERVER-ID","zh":"服务器 ID","type":"id","priority":7},
  {"key":"serverName","title":"SERVER-NAME","zh":"服务器名","type":"string","elide":true,"priority":2},
  {"key":"value","title":"VALUE","zh":"价值","type":"number","decimals":2,"priority":3},
  {"key":"cost","title":"COST","zh":"成本","type":"number","decimals":2,"priority":4},
  {"key":"gpuCount","title":"GPU","zh":"GPU","type":"integer","priority":5},
  {"key":"gpuModel","title":"GPU-MODEL","zh":"GPU 型号","type":"string","wide":true},
  {"key":"gain","title":"GAIN","zh":"收益","type":"number","decimals":2,"wide":true},
  {"key":"blocked","title":"BLOCKED","zh":"阻止","type":"string","wide":true}]}},
{"name":"plan","group":"market","effect":"read","http":{"method":"GET","path":"/v1/plan"},
 "summary":{"en":"Show what automatic placement would do now","zh":"显示自动放置此刻会做什么"},
 "description":{"en":"Nothing is executed. Each action carries its reason. With `--defrag` also moves of what runs, so that more of the free GPUs can be used; `server` and `to` name the ends of a move, the order is one in which the moves can be made.",
                "zh":"不执行任何操作。每个动作都附有原因。加上 `--defrag` 时还列出可迁移的部署，使更多空闲 GPU 可用；`server` 与 `to` 是迁移的两端，按所列顺序即可执行。"},
 "examples":["rigger plan","rigger plan --defrag 50","rigger plan --defrag 2%"],
 "options":{"type":"object","additionalProperties":false,"properties":{
  "defrag":{"type":"string","minLength":1,"maxLength":16,"description":"also plan moves: at most so many (50), or so large a share of the deployments that may move (2%)","x-zh":"同时规划迁移：最多若干次（50），或可迁移部署的比例（2%）","x-cli":{"metavar":"BUDGET"}}}},
 "result":{"kind":"plan"}},
{"name":"why-not","group":"market","effect":"read","http":{"method":"GET","path":"/v1/why-not"},
 "summary":{"en":"Say for each server why a chute is not placed there","zh":"逐台说明某 chute 为何没有放到服务器上"},
 "description":{"en":"For each server: the rules that rejected the pair, or the better pair that won, or that the chute already runs there.",
                "zh":"对每台服务器给出：拒绝该组合的规则，或胜出的更优组合，或该 chute 已在其上运行。"},
 "examples":["rigger why-not Qwen/Qwen3-32B","rigger why-not 67df0a -s gpu-01"],
 "options":{"type":"object","additionalProperties":false,"required":["chute"],"properties":{
  "chute":{"type":"string","minLength":1,"description":"id, name, or unambiguous prefix of the id","x-zh":"ID、名称或无歧义的 ID 前缀","x-cli":{"short":"c","position":0,"metavar":"CHUTE","complete":"offers"}},
  "server":{"type":"string","minLength":1,"description":"only this server: id, name, or unambiguous prefix of the id","x-zh":"只看该服务器：ID、名称或无歧义的 ID 前缀","x-cli":{"short":"s","metavar":"SERVER","complete":"servers"}}}},
 "result":{"kind":"list","items":"items","columns":[
  {"key":"serverName","title":"SERVER-NAME","zh":"服务器名","type":"string","priority":1},
  {"key":"verdict","title":"VERDICT","zh":"结论","type":"string","priority":2,"tones":{"feasible":"good","placed":"good","rejected":"bad"}},
  {"key":"value","title":"VALUE","zh":"价值","type":"number","decimals":2,"priority":4},
  {"key":"betterOffer","title":"BETTER-CHUTE","zh":"更优 chute","type":"string","elide":true,"priority":5},
  {"key":"betterServer","title":"BETTER-SERVER","zh":"更优服务器","type":"string","elide":true,"priority":6},
  {"key":"betterValue","title":"BETTER-VALUE","zh":"更优价值","type":"number","decimals":2,"priority":7},
  {"key":"reasons.text","title":"REASONS","zh":"原因","type":"list","elide":true,"priority":3},
  {"key":"reasons.code","title":"CODES","zh":"代码","type":"list","wide":true}]}}
)json";

} // namespace gepetto
