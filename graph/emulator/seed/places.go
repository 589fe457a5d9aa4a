package seed

// region is a part of the world that the company plans by.
type region uint8

const (
	noRegion region = iota
	emea
	amer
	apac
)

func (r region) String() string { return [...]string{"", "EMEA", "AMER", "APAC"}[r] }

// office is a site with what the directory says of the people there.
type office struct {
	name, city, state, country, usageLocation, language string

	region   region
	area     string // part of the region, with a list of its own
	code     string // in the addresses of lists
	site     string // in the personnel system
	landline string // beginning of the business phones
	mobile   string // beginning of the mobile phones
	postal   string
	streets  []string
}

func offices() []office {
	o := func(code, name, city, state, country, usage, language string, r region, area, landline, mobile, postal, streets string) office {
		return office{
			code: code, site: siteOf(code), name: name, city: city, state: state, country: country, usageLocation: usage,
			language: language, region: r, area: area, landline: landline + " ", mobile: mobile + " ", postal: postal, streets: words(streets),
		}
	}
	return []office{
		o("newyork", "New York", "New York", "NY", "United States", "US", "en-US", amer, "northam", "+1 212 555", "+1 917 555", "10018", "350_Fifth_Avenue 1411_Broadway"),
		o("seattle", "Seattle", "Seattle", "WA", "United States", "US", "en-US", amer, "northam", "+1 206 555", "+1 425 555", "98101", "1301_Second_Avenue 1918_Eighth_Avenue"),
		o("austin", "Austin", "Austin", "TX", "United States", "US", "en-US", amer, "northam", "+1 512 555", "+1 737 555", "78701", "301_Congress_Avenue"),
		o("saopaulo", "São Paulo", "São Paulo", "SP", "Brazil", "BR", "pt-BR", amer, "latam", "+55 11 5550", "+55 11 9 5550", "01310-100", "Avenida_Paulista_1374"),
		o("london", "London Paddington", "London", "", "United Kingdom", "GB", "en-GB", emea, "ukie", "+44 20 7946", "+44 7700 900", "W2 6BD", "2_Kingdom_Street 4_Sheldon_Square"),
		o("manchester", "Manchester", "Manchester", "", "United Kingdom", "GB", "en-GB", emea, "ukie", "+44 161 496", "+44 7700 901", "M3 3EB", "1_Spinningfields"),
		o("dublin", "Dublin", "Dublin", "", "Ireland", "IE", "en-IE", emea, "ukie", "+353 1 555", "+353 85 555", "D18 P521", "South_County_Business_Park"),
		o("berlin", "Berlin Mitte", "Berlin", "Berlin", "Germany", "DE", "de-DE", emea, "dach", "+49 30 555", "+49 151 555", "10117", "Friedrichstraße_68 Unter_den_Linden_17"),
		o("munich", "München", "München", "Bayern", "Germany", "DE", "de-DE", emea, "dach", "+49 89 555", "+49 160 555", "80807", "Walter-Gropius-Straße_5"),
		o("zurich", "Zürich", "Zürich", "ZH", "Switzerland", "CH", "de-CH", emea, "dach", "+41 44 555", "+41 79 555", "8058", "The_Circle_02"),
		o("paris", "Paris La Défense", "Paris", "", "France", "FR", "fr-FR", emea, "south", "+33 1 55 50", "+33 6 55 50", "92400", "Place_de_l'Iris_4"),
		o("madrid", "Madrid", "Madrid", "", "Spain", "ES", "es-ES", emea, "south", "+34 91 555", "+34 655 50", "28223", "Paseo_del_Club_Deportivo_1"),
		o("milan", "Milano", "Milano", "MI", "Italy", "IT", "it-IT", emea, "south", "+39 02 555", "+39 335 555", "20154", "Viale_Pasubio_21"),
		o("athens", "Athens", "Αθήνα", "", "Greece", "GR", "el-GR", emea, "south", "+30 21 0555", "+30 69 4555", "151 25", "Λεωφόρος_Κηφισίας_56"),
		o("amsterdam", "Amsterdam", "Amsterdam", "", "Netherlands", "NL", "nl-NL", emea, "north", "+31 20 555", "+31 6 5550", "1118 CZ", "Evert_van_de_Beekstraat_354"),
		o("stockholm", "Stockholm", "Stockholm", "", "Sweden", "SE", "sv-SE", emea, "north", "+46 8 555", "+46 70 555", "113 30", "Regeringsgatan_25"),
		o("warsaw", "Warszawa", "Warszawa", "", "Poland", "PL", "pl-PL", emea, "east", "+48 22 555", "+48 601 555", "02-222", "Aleje_Jerozolimskie_195A"),
		o("kyiv", "Kyiv", "Київ", "", "Ukraine", "UA", "uk-UA", emea, "east", "+380 44 555", "+380 67 555", "01032", "вулиця_Жилянська_75"),
		o("istanbul", "İstanbul", "İstanbul", "", "Türkiye", "TR", "tr-TR", emea, "mea", "+90 212 555", "+90 532 555", "34394", "Büyükdere_Caddesi_201"),
		o("dubai", "Dubai", "دبي", "", "United Arab Emirates", "AE", "ar-AE", emea, "mea", "+971 4 555", "+971 50 555", "", "Internet_City_Building_8"),
		o("telaviv", "Tel Aviv", "תל אביב", "", "Israel", "IL", "he-IL", emea, "mea", "+972 3 555", "+972 54 555", "6789141", "דרך_מנחם_בגין_132"),
		o("pune", "Pune", "Pune", "MH", "India", "IN", "hi-IN", apac, "south-asia", "+91 20 5550", "+91 98225 5", "411014", "World_Trade_Center_Tower_B"),
		o("bangkok", "Bangkok", "กรุงเทพฯ", "", "Thailand", "TH", "th-TH", apac, "south-asia", "+66 2 555", "+66 81 555", "10330", "Wireless_Road_87"),
		o("shanghai", "上海", "上海", "上海", "China", "CN", "zh-CN", apac, "east-asia", "+86 21 5555", "+86 139 5555", "200241", "紫星路999号"),
		o("tokyo", "東京", "東京", "東京都", "Japan", "JP", "ja-JP", apac, "east-asia", "+81 3 5555", "+81 90 5555", "108-0075", "港南2-16-3"),
		o("seoul", "서울", "서울", "", "Korea", "KR", "ko-KR", apac, "east-asia", "+82 2 555", "+82 10 5550", "03142", "종로1길_50"),
	}
}
