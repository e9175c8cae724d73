// core/host/schema.hpp -- JSON Schema: validation of configurations and command arguments, with defaults filled in. Any thread once made.
#pragma once
#include "base/status.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace rigger::host {

class JsonSchema {
public:
    /// Errors: invalid "SchemaInvalid". References to other documents are refused: nothing is ever fetched.
    static Result<JsonSchema> parse(std::string_view schema);

    /// The object with the defaults of `properties` filled in (nested objects too), then validated. Errors: invalid with `reason`; the message
    /// begins with `what` and names the place and the rule: "config.weights[0]: ...".
    Result<std::string> apply(std::string_view object, std::string_view what, std::string_view reason) const;

private:
    struct Impl;
    explicit JsonSchema(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
    std::shared_ptr<const Impl> impl_;
};

} // namespace rigger::host
