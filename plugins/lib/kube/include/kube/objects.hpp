// kube/objects.hpp -- writing objects without touching what is not ours. Ours: label
// app.kubernetes.io/managed-by=rigger or chutes/deployment-id.
#pragma once
#include "kube/client.hpp"

namespace kube {

bool is_ours(std::string_view object);

/// A new object is created, so that of two who want the name only one gets it; an existing one of ours is changed by
/// server-side apply under the version that was seen to be ours. CONFLICT: NotOurs, AlreadyExists (with create_only),
/// Conflict (the object names an older resourceVersion). INVALID: not an object. NOT_FOUND
/// (NamespaceMissing).
rig::Result<std::string> apply_object(Client &, const Effort &, std::string_view object, bool dry_run,
                                      bool create_only);
/// Deletes the object that was seen to be ours, by its uid.
rig::Status remove_object(Client &, const Effort &, const Resource &, std::string_view ns, std::string_view name,
                          DeleteOptions options);

} // namespace kube
