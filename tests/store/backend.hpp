// tests/store/backend.hpp -- what the conformance suite needs from a storage engine. A new engine writes one Backend
// and instantiates.
#pragma once
#include "domain/ports/store.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace rigger::store_test {

/// One empty database of its own; goes with the object.
class Backend {
public:
    virtual ~Backend() = default;
    /// Opens and migrates. After the last Store is gone it may be called again and finds the same rows, if this kind is
    /// durable.
    virtual Result<std::unique_ptr<Store>> open() = 0;
    /// Not migrated.
    virtual Result<std::unique_ptr<Store>> open_raw() = 0;
    /// Another program's hand on the same database: first column of the first row, "" for NULL or no row. Durable ones
    /// only.
    virtual std::string sql(const std::string &statement) = 0;
    /// An array of one text, as a literal of this engine's SQL.
    virtual std::string array(const std::string &item) const = 0;
};

struct BackendKind {
    std::string name;
    std::function<std::unique_ptr<Backend>()> make; ///< nullptr: not available on this machine, the tests are skipped
    std::string unavailable;                        ///< one line that says why
};

inline void PrintTo(const BackendKind &kind, std::ostream *out) { *out << kind.name; }

class StoreConformance : public testing::TestWithParam<BackendKind> {
protected:
    void SetUp() override {
        if (!GetParam().make) GTEST_SKIP() << GetParam().unavailable;
        backend = GetParam().make();
        reopen();
    }
    void reopen() {
        store.reset();
        auto opened = backend->open();
        ASSERT_TRUE(opened.ok()) << opened.error().message;
        store = *std::move(opened);
    }
    PersistentState load() {
        auto state = store->load();
        EXPECT_TRUE(state.ok()) << state.error().message;
        return state.ok() ? *std::move(state) : PersistentState{};
    }
    void commit(const std::vector<Write> &writes) {
        const Status done = store->commit(writes);
        ASSERT_TRUE(done.ok()) << done.error().message;
    }
    std::unique_ptr<Backend> backend;
    std::unique_ptr<Store> store;
};

/// For engines whose rows outlive the Store and can be reached by other programs.
class DurableStoreConformance : public StoreConformance {};

// Rows with every field set to something that is not its default. `n` makes them differ.
WallTime moment(int64_t seconds);
Server sample_server(int n, int gpus = 2);
Offer sample_offer(int n);
Deployment sample_deployment(int n, const Offer &offer, const Server &server);
JournalEntry sample_event(int n);

void expect_same(const Server &a, const Server &b);
void expect_same(const Deployment &a, const Deployment &b);

} // namespace rigger::store_test
