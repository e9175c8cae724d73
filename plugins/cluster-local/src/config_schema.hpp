// config_schema.hpp -- JSON Schema of an instance's config; docs/operators/embedded-cluster.md explains every key.
#pragma once

namespace cluster_local {

inline constexpr char kConfigSchema[] = R"({
"type":"object","additionalProperties":false,
"properties":{
 "cluster":{"type":"string","minLength":1,"maxLength":63,"default":"local"},
 "stateDir":{"type":"string","default":""},
 "database":{"type":"string"},
 "fleet":{"type":"string","default":""},
 "fleetPollSeconds":{"type":"number","minimum":0.1,"maximum":3600,"default":2},
 "namespaces":{"type":"array","items":{"type":"string"},"default":["default","kube-system","chutes"]},
 "nodePorts":{"type":"object","additionalProperties":false,"default":{},"properties":{
   "first":{"type":"integer","minimum":1,"maximum":65535,"default":30000},
   "last":{"type":"integer","minimum":1,"maximum":65535,"default":32767}}},
 "events":{"type":"integer","minimum":0,"maximum":100000,"default":1000},
 "rememberDeletions":{"type":"integer","minimum":10,"maximum":1000000,"default":10000},
 "simulation":{"type":"object","additionalProperties":false,"default":{},"properties":{
   "seed":{"type":"integer","minimum":0},
   "pullSeconds":{"type":"array","items":{"type":"number","minimum":0,"maximum":86400},"minItems":2,"maxItems":2,"default":[2,6]},
   "startSeconds":{"type":"number","minimum":0,"maximum":86400,"default":1},
   "readySeconds":{"type":"number","minimum":0,"maximum":86400,"default":2},
   "stopSeconds":{"type":"number","minimum":0,"maximum":86400,"default":1},
   "logSeconds":{"type":"number","minimum":0.001,"maximum":86400,"default":10},
   "rules":{"type":"array","default":[],"items":{"type":"object","additionalProperties":false,"required":["outcome"],"properties":{
     "label":{"type":"string"},"image":{"type":"string"},"node":{"type":"string"},"pod":{"type":"string"},
     "outcome":{"enum":["ImagePullBackOff","Error","OOMKilled","Completed","Evicted","Pending","NotReady"]},
     "exitCode":{"type":"integer","minimum":0,"maximum":255},
     "afterSeconds":{"type":"number","minimum":0},"forSeconds":{"type":"number","minimum":0},
     "probability":{"type":"number","minimum":0,"maximum":1},"eachAttempt":{"type":"boolean"},"message":{"type":"string"}}}},
   "outages":{"type":"array","default":[],"items":{"type":"object","additionalProperties":false,"required":["node","forSeconds"],"properties":{
     "node":{"type":"string"},"afterSeconds":{"type":"number","minimum":0},"forSeconds":{"type":"number","minimum":0},
     "everySeconds":{"type":"number","minimum":0}}}}}}
}})";

} // namespace cluster_local
