#include "catalogue.hpp"

namespace gepetto {

std::string catalogue() {
    std::string all = "{\"commands\":[";
    const char *const groups[] = {kFleetCommands, kMarketCommands, kDeploymentCommands, kCareCommands};
    for (const char *group : groups) {
        if (all.back() != '[') all += ',';
        all += group;
    }
    return all + "]}";
}

} // namespace gepetto
