// kinds/node.hpp -- the indexed fields of a Node, which controllers read without touching the database.
#pragma once
#include "api/quantity.hpp"
#include "store/record.hpp"

namespace cluster_local {

enum NodeField : size_t { kNodeUnschedulable, kNodeReady, kNodeAllocatable, kNodeTaints, kNodeFieldCount };

bool node_ready(const Record &);
bool node_unschedulable(const Record &);
bool node_tainted(const Record &);
Resources node_allocatable(const Record &);

} // namespace cluster_local
