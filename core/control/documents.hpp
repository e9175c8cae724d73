// core/control/documents.hpp -- the JSON documents that go to plugins (docs/plugins/documents.md sections 2 to 4).
// Pure.
#pragma once
#include "control/effects.hpp"
#include "control/json_writer.hpp"

#include <string>
#include <vector>

namespace rigger::documents {

/// Section 3, as an object. `extra`: further fields, complete `"key":value` pairs without braces.
void deployment(JsonWriter &json, const Deployment &d, std::string_view extra = {});
std::string claim(const ClaimEffect &effect);
std::string render(const RenderEffect &effect);
std::string announce(const AnnounceEffect &effect);
std::string release(const ReleaseEffect &effect);
void instance(JsonWriter &json, const SourceInstance &instance);
void view(JsonWriter &json, const Freshness &freshness, MonoTime now);

/// {"objects":[...],"done":bool} -> the objects as texts. invalid (BadRendering).
Result<Rendered> read_rendering(std::string_view document);

} // namespace rigger::documents
