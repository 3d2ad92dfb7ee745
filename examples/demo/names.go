package demo

// The people are invented; the lists are long enough that nobody shares a name.
var firstNames = []string{
	"Ana", "Li", "Chidi", "Priya", "Mateo", "Yuki", "Fatima", "Jonas", "Amara", "Kofi", "Ingrid", "Tariq", "Sofia", "Noah",
	"Leila", "Bjorn", "Mei", "Diego", "Nadia", "Oskar", "Zainab", "Ravi", "Clara", "Emeka", "Hana", "Luca", "Thandi", "Ivan",
	"Aiko", "Omar", "Greta", "Samuel", "Wanjiru", "Pavel", "Lucia", "Arjun", "Freya", "Hassan", "Marta", "Kenji", "Esther",
	"Tomas", "Aisha", "Viktor", "Rosa", "Minh", "Elif", "Daniel", "Nia", "Andrei", "Carmen", "Farid", "Linnea", "Kwame",
}

var lastNames = []string{
	"Okafor", "Lindqvist", "Tanaka", "Moreau", "Silva", "Haddad", "Novak", "Banerjee", "Castillo", "Eriksen", "Mwangi", "Rossi",
	"Petrov", "Nguyen", "Fischer", "Adeyemi", "Kowalski", "Yilmaz", "Sharma", "Duarte", "Hansen", "Mbeki", "Ferrari", "Ito",
	"Jansen", "Rahman", "Horvat", "Osei", "Vargas", "Larsen", "Chen", "Diallo", "Weber", "Costa", "Singh", "Aalto",
	"Mendes", "Farouk", "Kim", "Bakker", "Abebe", "Schmidt", "Pereira", "Sato", "Demir", "Olsen", "Nair", "Reyes", "Popescu", "Ndlovu",
}

var zones = []string{"Europe/Berlin", "Europe/London", "America/New_York", "Asia/Kolkata", "Asia/Tokyo", "America/Sao_Paulo", "Africa/Nairobi", "Australia/Sydney"}

// products and jobs make the names of non-human identities: payments-ledger-sync.
var products = map[string][]string{
	"payments": {"ledger", "checkout", "refunds", "payouts", "fraud", "invoicing", "settlement", "card-vault", "fx", "dunning"},
	"platform": {"ingress", "builds", "registry", "scheduler", "observability", "secrets", "dns", "mesh", "runners", "artifacts"},
	"data":     {"warehouse", "events", "features", "catalogue", "quality", "reports", "streams", "lineage", "exports", "models"},
	"mobile":   {"push", "app-api", "sessions", "media", "deeplinks", "releases", "crash", "flags", "profiles", "feedback"},
	"growth":   {"campaigns", "referrals", "landing", "attribution", "email", "experiments", "segments", "seo", "surveys", "webhooks"},
	"corp-it":  {"directory", "helpdesk", "inventory", "backup", "mail", "vpn", "printers", "badges", "payroll", "intranet"},
}

var jobs = []string{
	"sync", "worker", "api", "exporter", "cron", "indexer", "relay", "importer", "watcher", "reconciler", "publisher", "consumer",
	"loader", "cleaner", "notifier", "proxy", "builder", "archiver", "scanner", "router", "collector", "mailer", "resizer", "validator",
}

var environments = []string{"prod", "prod", "prod", "staging", "dev"}

// sourceIP gives an address from the documentation ranges that stays the same for the same h.
func sourceIP(h uint64) string {
	nets := [3]string{"192.0.2.", "198.51.100.", "203.0.113."}
	return string(appendInt([]byte(nets[h%3]), int64(1+h>>8%250)))
}

func appendInt(b []byte, v int64) []byte {
	n := 1
	for x := v; x >= 10; x /= 10 {
		n++
	}
	return appendDigits(b, v, n)
}

var cloudAgents = []string{
	"aws-sdk-go-v2/1.30.3 os/linux lang/go#1.24.1 md/GOOS#linux md/GOARCH#arm64 api/sts#1.30.3",
	"Boto3/1.35.10 md/Botocore#1.35.10 ua/2.0 os/linux#6.1.109 md/arch#x86_64 lang/python#3.12.5 md/pyimpl#CPython cfg/retry-mode#standard",
	"aws-sdk-java/2.27.17 Linux/6.1.109-118.189.amzn2023.x86_64 OpenJDK_64-Bit_Server_VM/21.0.4+7-LTS Java/21.0.4 vendor/Amazon.com_Inc. io/sync http/Apache",
	"aws-sdk-js/3.637.0 ua/2.0 os/linux#6.1.102 lang/js md/nodejs#20.16.0 api/client#3.637.0",
	"aws-sdk-rust/1.3.3 os/linux lang/rust/1.81.0 api/core/1.4.0",
	"APN/1.0 HashiCorp/1.0 Terraform/1.9.5 (+https://www.terraform.io) terraform-provider-aws/5.65.0",
}

const cliAgent = "aws-cli/2.17.42 md/awscrt#0.21.2 ua/2.0 os/macos#23.6.0 md/arch#arm64 lang/python#3.11.9 md/pyimpl#CPython cfg/retry-mode#standard md/installer#exe"
