/* rigger/abi/kinds.h -- all plugin kinds and extensions. */
#ifndef RIG_ABI_KINDS_H
#define RIG_ABI_KINDS_H
#include "kind/cluster_backend.h"
#include "kind/command_frontend.h"
#include "kind/extensions.h"
#include "kind/placement_scorer.h"
#include "kind/reconciler.h"
#include "kind/validator_source.h"
#endif
