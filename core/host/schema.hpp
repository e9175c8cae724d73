// core/host/schema.hpp -- JSON Schema: validation of configurations and command arguments, with defaults filled in. Any
// thread once made.
#pragma once
#include "base/status.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rigger::host {

class JsonSchema {
public:
    /// Errors: invalid "SchemaInvalid". References to other documents are refused: nothing is ever fetched.
    static Result<JsonSchema> parse(std::string_view schema);

    /// Where the value at a path stands, as the beginning of a message: "/etc/x.yaml:12: ".
    using Locate = std::function<std::string(const std::vector<std::string> &path)>;

    /// The object with the defaults of `properties` filled in (nested objects too), then validated. Errors: invalid
    /// with `reason`; the message names the place, what is there and what was expected: "config.weights[0]: found 'x';
    /// expected a number", `what` being "config".
    Result<std::string> apply(std::string_view object, std::string_view what, std::string_view reason,
                              const Locate &locate = {}) const;

private:
    struct Impl;
    explicit JsonSchema(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
    std::shared_ptr<const Impl> impl_;
};

} // namespace rigger::host
