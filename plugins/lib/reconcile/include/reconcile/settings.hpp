// reconcile/settings.hpp -- reading a reconciler's few numbers from its configuration.
#pragma once
#include <rigger/sdk/status.hpp>

#include <initializer_list>
#include <string>
#include <string_view>

namespace reconcile {

struct Number {
    const char *key;
    double *into; ///< holds the default
    double lowest, highest;
};

/// Reads the keys that stand in `config`; INVALID names the one that is wrong. `plugin` opens the message.
rig::Status read_numbers(std::string_view config, std::string_view plugin, std::initializer_list<Number> numbers);

} // namespace reconcile
