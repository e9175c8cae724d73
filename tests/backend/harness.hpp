// tests/backend/harness.hpp -- what the backend behaviour suite needs of the backend under test. The suite drives the C
// table alone and asserts only what a Kubernetes API server from 1.20 on guarantees, so it runs on the embedded cluster
// and on real ones.
//
// What the suite takes from the contract beyond the words of cluster_backend.h, because a wrong "it does not exist"
// frees GPUs: NOT_FOUND is said of objects alone; an unknown cluster is INVALID, an unknown kind UNSUPPORTED. remove()
// leaves objects without our labels alone, as apply() does (CONFLICT, NotOurs). A listing that its limit cut does not
// end in COMPLETE.
//
// A backend's test binary links the object library `rigger_backend_suite` and defines make_harness().
#pragma once
#include <rigger/abi/kind/cluster_backend.h>

#include <memory>
#include <string>

namespace backend_suite {

class Harness {
public:
    virtual ~Harness() = default;
    virtual rig_instance *instance() = 0;
    virtual std::string cluster() const = 0; ///< a cluster that may be written to, with at least two ready nodes
    /// The cluster's time passes: a virtual clock moves, a real one is waited for.
    virtual void pass(double seconds) = 0;
    /// True when time passes only in pass(): the suite may then let hours go by.
    virtual bool virtual_time() const = 0;
};

/// A started instance; destroyed after the test.
std::unique_ptr<Harness> make_harness();

} // namespace backend_suite
