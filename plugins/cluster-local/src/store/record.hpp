// store/record.hpp -- what memory holds of an object; the rest stays in the database. Keep it small: there may be tens
// of thousands.
#pragma once
#include "kinds/kind.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cluster_local {

struct Record {
    const Kind *kind = nullptr;
    int64_t id = 0;       ///< row in the database; never reused while a watch may still speak of it
    uint64_t version = 0; ///< metadata.resourceVersion
    uint64_t created = 0; ///< resourceVersion at creation
    std::string name_space, name, uid;
    std::string labels;              ///< packed, api/labels.hpp
    std::string fields;              ///< packed values of the kind's indexed fields
    std::vector<std::string> owners; ///< uids of metadata.ownerReferences
    bool deleting = false;           ///< metadata.deletionTimestamp is set
    bool finalizers = false;         ///< metadata.finalizers is not empty
};

/// Who must know of changes. Called within the transaction, under the cluster's lock; must not write to the store.
class StoreObserver {
public:
    virtual ~StoreObserver() = default;
    virtual void on_put(const Record &now, const Record *before) = 0; ///< before: nullptr when created
    virtual void on_erase(const Record &) = 0;
    /// The memory was rebuilt from the database: forget everything; on_put for every object follows.
    virtual void on_reset() = 0;
};

} // namespace cluster_local
