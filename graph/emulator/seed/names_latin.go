package seed

// latinCultures lists names in the Latin script, most of them with diacritics.
func latinCultures() []culture {
	c := func(code string, share int, offices, given, family string) culture {
		return culture{
			code: code, share: share, offices: words(offices), latin: true, separator: " ",
			given: latinNames(given), family: latinNames(family),
		}
	}
	return []culture{
		c("en-US", 14, "newyork seattle austin",
			`Ashley Brandon Caleb Dana Emily Frank Grace Hannah Isaac Jacob Kayla Logan Megan Nathan Olivia Patricia
			Quinn Rachel Samuel Taylor Victoria Wyatt Zoe Adele`,
			`Adams Baker Carter Davis Evans Foster Garcia Harris Jackson King Lewis Mitchell Nelson Parker Reed Sanders
			Thompson Underwood Vance Walker Young Brooks Coleman Diaz Ellis Fisher Grant Hayes Jenkins Lopez`),
		c("en-GB", 9, "london manchester",
			`Alfie Beatrice Callum Daisy Edward Freya George Harriet Imogen Jack Kieran Lucy Matilda Oliver Poppy Rhys
			Sophie Toby Winifred Zara`,
			`Ashworth Bailey Chapman Davies Eastwood Fletcher Gibson Hughes Ingram Jones Kirby Lloyd Marsh Norris Owen
			Pritchard Rowley Shaw Tattersall Whitaker Barlow Cartwright Dyson Elliott Hargreaves Llewellyn`),
		c("en-IE", 3, "dublin",
			`Aoife Ciarán Deirdre Eoghan Fionn Gráinne Niamh Oisín Pádraig Róisín Seán Siobhán Tadhg Una`,
			`O'Brien O'Connor O'Neill O'Sullivan Byrne Doyle Fitzgerald Gallagher Kavanagh Lynch McCarthy Murphy Nolan
			Quigley Ryan D'Arcy`),
		c("de", 11, "berlin munich zurich",
			`Anja Björn Claudia Dieter Elke Florian Günther Heike Ilse Jürgen Käthe Lukas Maximilian Nadine Otto Petra
			Rüdiger Sabine Thorsten Ulrike Volker Wiebke Götz Jörg`,
			`Bauer Böhm Dörfler Eichmann Fäßler Größner Häusler Jäger Köhler Krüger Lindemann Möller Müller Neumann
			Oelschläger Pfeiffer Rößler Schäfer Schröder Strauß Thürmer Überschär Vögele Weiß Zöllner Albrecht Brandt
			Hoffmann Schulze Zimmermann`),
		c("fr", 7, "paris",
			`Amélie Benoît Chloé Didier Élodie François Geneviève Hélène Irène Jérôme Loïc Margaux Noémie Océane Pascal
			Raphaël Séverine Thérèse Valérie Zoé`,
			`Aubert Béranger Chevalier Deschênes Étienne Fèvre Garçon Hébert Joubert Lefèvre Marchand Noël Pélissier
			Quesnel Rousseau Séguin Tréville Vidal Boissière Crépeau Dufrêne Léger Moreau Girard`),
		c("es", 5, "madrid",
			`Álvaro Begoña César Dolores Encarnación Fermín Guillermo Íñigo Jesús Lucía Martín Nuria Óscar Pilar Ramón
			Sofía Tomás Verónica`,
			`Álvarez Bermúdez Castaño Domínguez Echeverría Fernández Gómez Hernández Ibáñez Jiménez Márquez Núñez Ordóñez
			Peña Quiñones Rodríguez Sánchez Téllez Vázquez Zúñiga`),
		c("it", 3, "milan",
			`Alessandro Beatrice Carlo Donatella Elisabetta Fabrizio Giuseppe Ilaria Lorenzo Maddalena Niccolò Ottavia
			Pietro Raffaella Simone Vittoria`,
			`Bianchi Colombo Donati Esposito Ferrari Giordano Lombardi Marchetti Nicolò Orlando Pellegrini Ricci Santoro
			Testa Vitale D'Angelo`),
		c("pt-BR", 5, "saopaulo",
			`Antônio Bárbara Cauã Débora Estêvão Flávia Gonçalo Heloísa Inácio João Luísa Mônica Otávio Patrícia Rogério
			Tânia Vinícius Conceição`,
			`Araújo Brandão Conceição_Neto Falcão Guimarães Lourenço Magalhães Nóbrega Oliveira Paixão Queirós Ribeirão
			Simões Teixeira Vasconcelos Assunção da_Silva dos_Santos`),
		c("nl", 3, "amsterdam",
			`Anouk Bram Cornelis Daniëlle Eefje Floris Gijs Hendrik Ineke Joost Lieke Maarten Noor Pieter Renée Sjoerd`,
			`van_den_Berg de_Boer van_Dijk Hoekstra Jansen de_Jong Kuipers van_der_Linden Mulder Peeters Smit Timmermans
			Veenstra Visser de_Wit Zijlstra`),
		c("nordic", 4, "stockholm",
			`Åsa Bjørn Cecilia Dagny Erik Freja Göran Håkan Ingrid Jøran Kåre Lærke Märta Nils Øyvind Pär Sølvi Torbjörn`,
			`Andersson Ågren Bergström Dahlgård Eriksen Fägerskiöld Grønning Håkansson Jørgensen Kjær Lindqvist Møller_Vik
			Nyström Ödegård Pålsson Söderberg Sætre Virtanen`),
		c("pl", 4, "warsaw",
			`Agnieszka Bartłomiej Cezary Dorota Elżbieta Franciszek Grażyna Jędrzej Łukasz Małgorzata Paweł Róża
			Stanisław Wojciech Żaneta Zdzisław`,
			`Błaszczyk Chmielewski Dąbrowski Gołębiewski Jabłoński Kołodziej Łuczak Mazur Nowakowski Pająk Róg Sołtys
			Świątek Wójcik Ząbek Żółkowski`),
		c("tr", 2, "istanbul",
			`Ayşe Barış Çağla Deniz Elif Fatma Gökhan Hüseyin Işıl Mehmet Özge Pınar Şule Tuğçe Ümit Yağmur`,
			`Akgün Bayraktar Çelik Demirtaş Erdoğdu Güneş Kılıç Öztürk Şahin Türkoğlu Uçar Yıldız`),
	}
}
