package seed

// worldCultures lists names in other scripts, each with its transliteration:
// Cyrillic, Greek, Arabic, Hebrew, Devanagari, Thai, Han, Kana and Hangul.
func worldCultures() []culture {
	c := func(code string, share int, offices, given, family string) culture {
		return culture{
			code: code, share: share, offices: words(offices), separator: " ",
			given: scriptNames(given), family: scriptNames(family),
		}
	}
	familyFirst := func(c culture, separator string) culture {
		c.familyFirst, c.separator = true, separator
		return c
	}
	return []culture{
		c("uk", 3, "kyiv",
			`Олександр=oleksandr Богдан=bohdan Вікторія=viktoriia Галина=halyna Дмитро=dmytro Євген=yevhen Зоряна=zoriana
			Ірина=iryna Катерина=kateryna Лариса=larysa Микола=mykola Наталія=nataliia Олена=olena Петро=petro
			Світлана=svitlana Тарас=taras Юрій=yurii Ярослав=yaroslav`,
			`Бондаренко=bondarenko Василенко=vasylenko Гриценко=hrytsenko Дорошенко=doroshenko Іваненко=ivanenko
			Коваленко=kovalenko Кравченко=kravchenko Лисенко=lysenko Мельник=melnyk Павленко=pavlenko Поліщук=polishchuk
			Савченко=savchenko Ткаченко=tkachenko Шевченко=shevchenko Щербак=shcherbak Яременко=yaremenko`),
		c("el", 2, "athens",
			`Αλέξανδρος=alexandros Βασίλης=vasilis Γεωργία=georgia Δημήτρης=dimitris Ελένη=eleni Ζωή=zoi Θανάσης=thanasis
			Ιωάννα=ioanna Κωνσταντίνος=konstantinos Λευτέρης=lefteris Μαρία=maria Νίκος=nikos Σοφία=sofia Χρήστος=christos`,
			`Αγγελόπουλος=angelopoulos Βασιλείου=vasileiou Γεωργίου=georgiou Δημητρίου=dimitriou Ευσταθίου=efstathiou
			Ζαχαρίου=zachariou Ιωαννίδης=ioannidis Καραγιάννης=karagiannis Μακρής=makris Νικολάου=nikolaou
			Παπαδόπουλος=papadopoulos Σταυρίδης=stavridis Τσακίρης=tsakiris Χατζής=chatzis`),
		c("ar", 4, "dubai",
			`أحمد=ahmed بدر=badr خالد=khalid ريم=reem زينب=zainab سارة=sara شيماء=shaimaa صالح=saleh طارق=tariq عائشة=aisha
			فاطمة=fatima كريم=karim ليلى=layla محمد=mohammed نورة=noura هند=hind يوسف=yousef مريم=maryam`,
			`الأنصاري=alansari البلوشي=albalushi التميمي=altamimi الحداد=alhaddad الخطيب=alkhatib الزعابي=alzaabi
			السويدي=alsuwaidi الشامسي=alshamsi العلي=alali الغامدي=alghamdi الفارسي=alfarsi القاسمي=alqasimi
			الكعبي=alkaabi المنصوري=almansoori النعيمي=alnuaimi الهاشمي=alhashimi`),
		c("he", 2, "telaviv",
			`אביגיל=avigail בועז=boaz גלית=galit דניאל=daniel הדס=hadas ורד=vered זאב=zeev חנה=chana טל=tal יוסי=yossi
			לאה=lea משה=moshe נועה=noa שירה=shira`,
			`אברהמי=avrahami ביטון=biton גולן=golan דיין=dayan חדד=hadad כהן=cohen לוי=levi מזרחי=mizrahi נחום=nahum
			עמר=amar פרץ=peretz רוזנברג=rosenberg שפירא=shapira תמיר=tamir`),
		c("hi", 6, "pune",
			`आरव=aarav भावना=bhavna चेतन=chetan दीपिका=deepika गौरव=gaurav हर्षिता=harshita ईशान=ishaan जया=jaya कविता=kavita
			लक्ष्मी=lakshmi मोहन=mohan नेहा=neha ओम=om प्रिया=priya राहुल=rahul संजय=sanjay तन्वी=tanvi उमेश=umesh विकास=vikas
			यश=yash`,
			`अग्रवाल=agarwal भट्ट=bhatt चौधरी=chaudhary देशमुख=deshmukh गुप्ता=gupta जोशी=joshi कुलकर्णी=kulkarni
			मेहता=mehta नायर=nair पाटिल=patil राव=rao शर्मा=sharma सिंह=singh त्रिपाठी=tripathi वर्मा=verma यादव=yadav
			मिश्रा=mishra कपूर=kapoor सक्सेना=saxena श्रीवास्तव=srivastava`),
		c("th", 2, "bangkok",
			`กมล=kamon ขวัญ=khwan จินตนา=chintana ชัยวัฒน์=chaiwat ณัฐพล=natthaphon ดวงใจ=duangchai ธนากร=thanakorn
			นภา=napha ปรีชา=pricha พิมพ์=phim มานี=mani วิชัย=wichai สมชาย=somchai อรทัย=orathai`,
			`กิตติวงศ์=kittiwong จันทร์แก้ว=chankaew ทองดี=thongdi บุญมี=bunmi พงษ์ศักดิ์=phongsak ภักดี=phakdi
			รัตนกุล=rattanakul วงศ์สุวรรณ=wongsuwan ศรีสุข=srisuk สุขใจ=sukchai แสงทอง=saengthong อินทร์แก้ว=inkaew`),
		familyFirst(c("zh", 5, "shanghai",
			`伟=wei 芳=fang 娜=na 敏=min 静=jing 强=qiang 磊=lei 洋=yang 艳=yan 勇=yong 杰=jie 娟=juan 涛=tao 明=ming
			晓燕=xiaoyan 建国=jianguo 志强=zhiqiang 丽华=lihua 雨桐=yutong 子轩=zixuan`,
			`陈=chen 邓=deng 冯=feng 高=gao 黄=huang 蒋=jiang 李=li 刘=liu 马=ma 潘=pan 孙=sun 唐=tang 王=wang 吴=wu
			徐=xu 叶=ye 张=zhang 赵=zhao 郑=zheng 周=zhou`), ""),
		familyFirst(c("ja", 4, "tokyo",
			`あかり=akari さくら=sakura ひなた=hinata みなと=minato ゆい=yui まこと=makoto かおり=kaori たける=takeru
			ケンジ=kenji ユキ=yuki アンナ=anna リサ=risa 太郎=taro 健一=kenichi 美咲=misaki 大輔=daisuke 陽子=yoko 翔=sho`,
			`青木=aoki 伊藤=ito 上田=ueda 遠藤=endo 岡田=okada 加藤=kato 木村=kimura 小林=kobayashi 佐藤=sato 鈴木=suzuki
			高橋=takahashi 田中=tanaka 中村=nakamura 橋本=hashimoto 松本=matsumoto 山田=yamada 渡辺=watanabe タナベ=tanabe`), " "),
		familyFirst(c("ko", 3, "seoul",
			`가영=gayoung 나은=naeun 도윤=doyoon 민준=minjun 보라=bora 서연=seoyeon 수빈=subin 예은=yeeun 우진=woojin
			재현=jaehyun 준호=junho 지민=jimin 태양=taeyang 하은=haeun 현우=hyunwoo 혜진=hyejin`,
			`강=kang 김=kim 남=nam 류=ryu 박=park 배=bae 서=seo 송=song 신=shin 안=ahn 윤=yoon 임=lim 정=jeong 조=cho
			최=choi 한=han`), ""),
	}
}
