// An image of an OCI layout, and the same with our layer on top.
#include "shim/layer/image.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "shim/layer/contents.h"
#include "shim/layer/digest.h"
#include "shim/layer/files.h"

namespace abishim::layer {
namespace {

using Json = nlohmann::ordered_json;  // what is not ours stays as and where it is

constexpr char kManifest[] = "application/vnd.oci.image.manifest.v1+json";
constexpr char kIndex[] = "application/vnd.oci.image.index.v1+json";
constexpr char kConfig[] = "application/vnd.oci.image.config.v1+json";
constexpr char kLayer[] = "application/vnd.oci.image.layer.v1.tar";
constexpr char kRefName[] = "org.opencontainers.image.ref.name";

struct Blobs {
  std::map<std::string, std::string> bytes;

  Json Add(const std::string& type, const std::string& content) {
    const std::string digest = DigestOf(content);
    bytes[digest] = content;
    return {{"mediaType", type}, {"digest", digest}, {"size", content.size()}};
  }
};

Json Parse(const std::string& what, const std::string& text) {
  Json value = Json::parse(text, nullptr, false);
  if (!value.is_object()) Refuse(what + ": no JSON object");
  return value;
}

void Require(bool holds, const std::string& what, const std::string& line) {
  if (!holds) Refuse(what + ": " + line);
}

std::string Text(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// A list that may be missing, or null.
const Json& List(const Json& object, const std::string& key, const std::string& what) {
  static const Json kNone = Json::array();
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return kNone;
  Require(found->is_array(), what, "'" + key + "' is no list");
  return *found;
}

std::vector<std::string> Words(const Json& object, const std::string& key,
                               const std::string& what) {
  std::vector<std::string> words;
  for (const Json& word : List(object, key, what)) {
    Require(word.is_string(), what, "'" + key + "' is no list of strings");
    words.push_back(word);
  }
  return words;
}

std::string RefName(const Json& descriptor) {
  const auto annotations = descriptor.find("annotations");
  return annotations != descriptor.end() && annotations->is_object() ? Text(*annotations, kRefName)
                                                                     : "";
}

// The descriptor's blob is there, and is what the descriptor says.
std::string CheckBlob(const Layout& layout, const Json& descriptor) {
  Require(descriptor.is_object(), layout.path(), "a descriptor is no JSON object");
  const std::string digest = Text(descriptor, "digest");
  std::string name = BlobName(digest);
  const Sum sum = layout.SumOf(name);
  Require(sum.digest == digest, layout.path(), "blob " + digest + " is not what its name says");
  const auto size = descriptor.find("size");
  Require(size != descriptor.end() && size->is_number_unsigned() && *size == sum.size,
          layout.path(), "blob " + digest + " does not have the size that is stated");
  return name;
}

Json ReadBlob(const Layout& layout, const Json& descriptor) {
  const std::string name = CheckBlob(layout, descriptor);
  return Parse(layout.path() + ": " + name, layout.Read(name));
}

Json FindImage(const Layout& layout, const Json& index, const std::string& source,
               const std::string& tag) {
  const Json* found = nullptr;
  int number = 0;
  const Json& all = List(index, "manifests", layout.path());
  for (const Json& descriptor : all) {
    Require(descriptor.is_object(), layout.path(), "a descriptor is no JSON object");
    const std::string name = RefName(descriptor);
    Require(name != tag, layout.path(), "there is a '" + tag + "' already: choose another --tag");
    if (!source.empty() && name != source) continue;
    found = &descriptor;
    ++number;
  }
  const std::string of = source.empty() ? "" : " called '" + source + "'";
  Require(number > 0, layout.path(), "holds no image" + of);
  Require(number == 1, layout.path(),
          "holds " + std::to_string(number) + " images" + of + ": name one as PATH:TAG");
  return *found;
}

void CheckManifest(const Layout& layout, const Json& descriptor, const Json& manifest) {
  const std::string& path = layout.path();
  const std::string type = Text(descriptor, "mediaType");
  Require(type != kIndex, path,
          "is for several platforms: take one of them (skopeo copy --override-arch=amd64)");
  Require(type == kManifest, path,
          "manifest of type '" + type + "': only OCI's is understood (skopeo copy --format=oci)");
  const std::string own = Text(manifest, "mediaType");
  Require(own.empty() || own == kManifest, path, "manifest says that it is '" + own + "'");
  Require(manifest.value("schemaVersion", Json()) == 2, path, "manifest of an unknown version");
  Require(!manifest.contains("artifactType"), path, "is an artifact, not an image");
  Require(manifest.contains("config") && manifest["config"].is_object(), path,
          "manifest without a configuration");
  const std::string config = Text(manifest["config"], "mediaType");
  Require(config == kConfig, path, "configuration of type '" + config + "'");
  for (const Json& layer : List(manifest, "layers", path)) {
    CheckBlob(layout, layer);
    const std::string packed = Text(layer, "mediaType");
    Require(packed == kLayer || packed == std::string(kLayer) + "+gzip" ||
                packed == std::string(kLayer) + "+zstd",
            path, "layer of type '" + packed + "'");
  }
}

void CheckConfig(const Layout& layout, const Json& manifest, const Json& config) {
  const std::string& path = layout.path();
  const std::string platform = Text(config, "os") + '/' + Text(config, "architecture");
  Require(platform == "linux/amd64", path, "is for " + platform + ", this abishim for linux/amd64");
  Require(config.contains("rootfs") && config["rootfs"].is_object() &&
              Text(config["rootfs"], "type") == "layers",
          path, "configuration without a list of layers");
  Require(List(config["rootfs"], "diff_ids", path).size() == List(manifest, "layers", path).size(),
          path, "configuration and manifest do not have the same number of layers");
}

void Preload(const std::string& what, Json* settings) {
  constexpr std::string_view kVariable = "LD_PRELOAD=";
  std::vector<std::string> environment = Words(*settings, "Env", what);
  for (std::string& entry : environment) {
    if (!entry.starts_with(kVariable)) continue;
    Require(entry.find("libabishim.so") == std::string::npos, what,
            "has abishim in LD_PRELOAD already: apply to the image without it");
    const std::string others = entry.substr(kVariable.size());
    entry = std::string(kVariable) + kLibraryPath + (others.empty() ? "" : ':' + others);
    (*settings)["Env"] = environment;
    return;
  }
  environment.push_back(std::string(kVariable) + kLibraryPath);
  (*settings)["Env"] = environment;
}

void Enter(const std::string& what, Json* settings) {
  std::vector<std::string> words = Words(*settings, "Entrypoint", what);
  Require(words.empty() || words[0] != kCommandPath, what,
          "has abishim as its entry point already: apply to the image without it");
  words.insert(words.begin(), {kCommandPath, "run", "--"});
  (*settings)["Entrypoint"] = words;
}

void ChangeConfig(const std::string& what, const std::string& diff_id, const Changes& changes,
                  Json* config) {
  Json& settings = (*config)["config"];
  if (settings.is_null()) settings = Json::object();
  Require(settings.is_object(), what, "configuration whose 'config' is no JSON object");
  if (changes.preload) Preload(what, &settings);
  if (changes.entrypoint) Enter(what, &settings);
  (*config)["rootfs"]["diff_ids"].push_back(diff_id);
  // Either every layer has its line there or there are none.
  if (!List(*config, "history", what).empty() || (*config)["rootfs"]["diff_ids"].size() == 1) {
    // Without a date umoci crashes; one that is always the same keeps equal images equal.
    (*config)["history"].push_back(
        {{"created", "1970-01-01T00:00:00Z"}, {"created_by", changes.made_by}});
  }
}

// Not compressed: the layer's digest is then the same whatever compresses it on its way.
void Put(Layout* layout, Json index, Json descriptor, Json manifest, Json config,
         const std::string& layer, const Changes& changes) {
  Blobs blobs;
  const Json top = blobs.Add(kLayer, layer);
  ChangeConfig(layout->path(), Text(top, "digest"), changes, &config);
  manifest["layers"].push_back(top);
  manifest["config"] = blobs.Add(kConfig, config.dump());
  descriptor.update(blobs.Add(kManifest, manifest.dump()));
  descriptor["annotations"][kRefName] = changes.tag;
  index["manifests"].push_back(descriptor);
  layout->Add(blobs.bytes, index.dump());
}

}  // namespace

void AddImage(Layout* layout, const std::string& source, const std::string& layer,
              const Changes& changes) {
  const std::string& path = layout->path();
  const Json version = Parse(path + ": oci-layout", layout->Read("oci-layout"));
  Require(Text(version, "imageLayoutVersion") == "1.0.0", path, "OCI layout of an unknown version");
  const Json index = Parse(path + ": index.json", layout->Read("index.json"));
  const Json descriptor = FindImage(*layout, index, source, changes.tag);
  const Json manifest = ReadBlob(*layout, descriptor);
  CheckManifest(*layout, descriptor, manifest);
  const Json config = ReadBlob(*layout, manifest["config"]);
  CheckConfig(*layout, manifest, config);
  Put(layout, index, descriptor, manifest, config, layer, changes);
}

void PutImage(Layout* layout, const std::string& layer, const Changes& changes) {
  const Json config{{"architecture", "amd64"},
                    {"os", "linux"},
                    {"rootfs", {{"type", "layers"}, {"diff_ids", Json::array()}}}};
  const Json manifest{{"schemaVersion", 2}, {"mediaType", kManifest}};
  const Json platform{{"architecture", "amd64"}, {"os", "linux"}};
  Put(layout, {{"schemaVersion", 2}}, {{"platform", platform}}, manifest, config, layer, changes);
}

}  // namespace abishim::layer
