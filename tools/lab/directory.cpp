#include "tools/lab/directory.hpp"

#include "tools/lab/networks.hpp"

#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <thread>

namespace sallyport::lab {

namespace {

constexpr auto suffix = "dc=acme,dc=example";

/// The attributes of Active Directory that matter here, with its object identifiers.
constexpr auto slapd_config = R"(
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.2 NAME 'objectGUID' EQUALITY octetStringMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9.1 NAME 'domainAccount' SUP top AUXILIARY
  MAY ( userAccountControl $ sAMAccountName $ objectGUID ) )
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile {folder}/slapd.pid
TLSCACertificateFile {folder}/tls.crt
TLSCertificateFile {folder}/tls.crt
TLSCertificateKeyFile {folder}/tls.key
database mdb
suffix "dc=acme,dc=example"
rootdn "cn=root,dc=acme,dc=example"
directory {folder}/data
dbnosync
index objectClass,uid,sAMAccountName,entryUUID eq
overlay ppolicy
ppolicy_default "cn=policy,dc=acme,dc=example"
ppolicy_use_lockout
access to attrs=userPassword
  by dn.exact="cn=sallyport,dc=acme,dc=example" none
  by anonymous auth
  by * none
access to *
  by dn.exact="cn=sallyport,dc=acme,dc=example" write
  by dn.exact="cn=onlooker,dc=acme,dc=example" read
  by self read
  by * none
)";

std::string account(const std::string& user,
                    const std::string& unit,
                    const std::string& more = {}) {
  return fmt::format(
      "dn: uid={0},ou={1},{2}\nobjectClass: inetOrgPerson\n{3}uid: {0}\ncn: {0}\nsn: {0}\n"
      "userPassword: {0}-password\n\n",
      user,
      unit,
      suffix,
      more);
}

std::string entries() {
  std::string ldif = fmt::format(
      "dn: {0}\nobjectClass: domain\ndc: acme\n\n"
      "dn: cn=policy,{0}\nobjectClass: pwdPolicy\nobjectClass: device\ncn: policy\n"
      "pwdAttribute: userPassword\npwdLockout: TRUE\npwdMaxFailure: 5\n\n"
      "dn: cn=sallyport,{0}\nobjectClass: simpleSecurityObject\nobjectClass: organizationalRole\n"
      "cn: sallyport\nuserPassword: sallyport-password\n\n"
      "dn: cn=onlooker,{0}\nobjectClass: simpleSecurityObject\nobjectClass: organizationalRole\n"
      "cn: onlooker\nuserPassword: onlooker-password\n\n",
      suffix);
  for (const auto* unit : {"people", "guests", "domain"})
    ldif +=
        fmt::format("dn: ou={0},{1}\nobjectClass: organizationalUnit\nou: {0}\n\n", unit, suffix);
  for (const auto* user : {"alice", "bob", "carol", "dave", "svc-backup", "twin"})
    ldif += account(user, "people");
  ldif += account("twin", "guests");
  const auto domain_account = [](const std::string& user, int control, char id) {
    return account(user,
                   "domain",
                   fmt::format("objectClass: domainAccount\nsAMAccountName: {}\n"
                               "userAccountControl: {}\nobjectGUID: guid-of-16-bytes{}\n",
                               user,
                               control,
                               id));
  };
  ldif += domain_account("erin", 66048, 'e');  // NORMAL_ACCOUNT, DONT_EXPIRE_PASSWORD
  ldif += domain_account("frank", 514, 'f');   // NORMAL_ACCOUNT, ACCOUNTDISABLE
  return ldif;
}

Result<> write_file(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out{file};
  out << text;
  if (!out.flush()) return fail(Errc::unavailable, "cannot write " + file.string());
  return {};
}

Result<> prepare(const std::filesystem::path& folder) {
  std::error_code ec;
  std::filesystem::create_directories(folder / "data", ec);
  std::string config{slapd_config};
  for (auto at = config.find("{folder}"); at != std::string::npos; at = config.find("{folder}"))
    config.replace(at, std::string_view{"{folder}"}.size(), folder.string());
  for (const auto& [name, text] : std::initializer_list<std::pair<const char*, std::string>>{
           {"slapd.conf", config},
           {"entries.ldif", entries()},
           {"password", "sallyport-password"},
           {"onlooker-password", "onlooker-password"}}) {
    if (auto ok = write_file(folder / name, text); !ok) return ok;
  }
  std::filesystem::permissions(folder / "password", std::filesystem::perms::owner_read, ec);
  const auto made = must_run({"openssl",
                              "req",
                              "-x509",
                              "-newkey",
                              "ec",
                              "-pkeyopt",
                              "ec_paramgen_curve:P-256",
                              "-nodes",
                              "-keyout",
                              folder / "tls.key",
                              "-out",
                              folder / "tls.crt",
                              "-days",
                              "2",
                              "-subj",
                              "/CN=127.0.0.1",
                              "-addext",
                              "subjectAltName=IP:127.0.0.1"});
  if (!made) return std::unexpected{made.error()};
  const auto loaded = must_run(
      {"/usr/sbin/slapadd", "-q", "-f", folder / "slapd.conf", "-l", folder / "entries.ldif"});
  if (!loaded) return std::unexpected{loaded.error()};
  return {};
}

}  // namespace

Result<Directory> Directory::start(const std::filesystem::path& folder) {
  if (auto ok = prepare(folder); !ok) return std::unexpected{ok.error()};
  Directory directory;
  directory.folder_ = folder;
  for (int attempt = 0; attempt < 5; ++attempt) {  // somebody may be faster on the free port
    const auto port = free_port();
    if (!port) return std::unexpected{port.error()};
    directory.url_ = fmt::format("ldap://127.0.0.1:{}", *port);
    auto process = Process::start(
        {"/usr/sbin/slapd", "-d", "0", "-f", folder / "slapd.conf", "-h", directory.url_ + "/"},
        folder / "slapd.log");
    if (!process) return std::unexpected{process.error()};
    directory.process_ = *std::move(process);
    for (int wait = 0; wait < 200 && directory.process_.running(); ++wait) {
      if (reaches("", "", "127.0.0.1", *port, std::chrono::milliseconds{50})) return directory;
      std::this_thread::sleep_for(std::chrono::milliseconds{25});
    }
  }
  return fail(Errc::unavailable, "slapd does not start; see " + (folder / "slapd.log").string());
}

std::string Directory::dn_of(const std::string& user) const {
  const bool domain = user == "erin" || user == "frank";
  return fmt::format("uid={},ou={},{}", user, domain ? "domain" : "people", suffix);
}

connectors::ldap::Config Directory::config() const {
  connectors::ldap::Config config;
  config.urls = {url_};
  config.bind_dn = fmt::format("cn=sallyport,{}", suffix);
  config.bind_password = "file:" + (folder_ / "password").string();
  config.base_dn = suffix;
  config.user_filter = "(&(objectClass=inetOrgPerson)(uid={user}))";
  config.protected_dns = {dn_of("svc-backup")};
  return config;
}

Result<int> Directory::log_in(const std::string& user) const {
  const auto done =
      run({"ldapwhoami", "-x", "-H", url_, "-D", dn_of(user), "-w", user + "-password"});
  if (!done) return std::unexpected{done.error()};
  return done->status;
}

}  // namespace sallyport::lab
