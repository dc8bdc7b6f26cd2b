// SPDX-License-Identifier: Apache-2.0
// Made by tools/record_zones.py from the JDK's English names of time zones; not edited by hand.
#include "types/zone_names_table.h"

namespace sluice {

const std::string_view kZoneGroups =
    R"(Acre Standard Time|ACT|Acre Summer Time|ACST|Acre Time|ACT|America/Eirunepe America/Porto_Acre America/Rio_Branco
 Brazil/Acre
Afghanistan Time|AFT|Afghanistan Summer Time|AFST|Afghanistan Time|AFT|Asia/Kabul
Alaska Standard Time|AKST|Alaska Daylight Time|AKDT|Alaska Time|AKT|America/Anchorage America/Juneau
 America/Metlakatla America/Nome America/Sitka America/Yakutat US/Alaska
Amazon Standard Time|AMT|Amazon Summer Time|AMST|Amazon Time|AMT|America/Boa_Vista America/Campo_Grande America/Cuiaba
 America/Manaus America/Porto_Velho Brazil/West
Anadyr Standard Time|ANAT|Anadyr Summer Time|ANAST|Anadyr Time|ANAT|Asia/Anadyr
Apia Standard Time|WSST|Apia Daylight Time|WSDT|Apia Time|WST|Pacific/Apia
Arabian Standard Time|AST|Arabian Daylight Time|ADT|Arabian Time|AT|Asia/Aden Asia/Baghdad Asia/Bahrain Asia/Kuwait
 Asia/Qatar Asia/Riyadh
Argentina Standard Time|ART|Argentina Summer Time|ARST|Argentina Time|ART|America/Argentina/Buenos_Aires
 America/Argentina/Catamarca America/Argentina/ComodRivadavia America/Argentina/Cordoba America/Argentina/Jujuy
 America/Argentina/La_Rioja America/Argentina/Mendoza America/Argentina/Rio_Gallegos America/Argentina/Salta
 America/Argentina/San_Juan America/Argentina/San_Luis America/Argentina/Tucuman America/Argentina/Ushuaia
 America/Buenos_Aires America/Catamarca America/Cordoba America/Jujuy America/Mendoza America/Rosario
Armenia Standard Time|AMT|Armenia Summer Time|AMST|Armenia Time|AMT|Asia/Yerevan
Astrakhan Standard Time|GMT+04:00|Astrakhan Standard Time|GMT+04:00|Astrakhan Time|GMT+04:00|Europe/Astrakhan
Atlantic Standard Time|AST|Atlantic Daylight Time|ADT|Atlantic Time|AT|America/Anguilla America/Antigua America/Aruba
 America/Barbados America/Blanc-Sablon America/Curacao America/Dominica America/Glace_Bay America/Goose_Bay
 America/Grenada America/Guadeloupe America/Halifax America/Kralendijk America/Lower_Princes America/Marigot
 America/Martinique America/Moncton America/Montserrat America/Port_of_Spain America/Puerto_Rico America/Santo_Domingo
 America/St_Barthelemy America/St_Kitts America/St_Lucia America/St_Thomas America/St_Vincent America/Thule
 America/Tortola America/Virgin Atlantic/Bermuda Canada/Atlantic
Australian Central Standard Time|ACST|Australian Central Daylight Time|ACDT|Central Australia
 Time|ACT|Australia/Adelaide Australia/Broken_Hill Australia/Darwin Australia/North Australia/South
 Australia/Yancowinna
Australian Central Western Standard Time|ACWST|Australian Central Western Daylight Time|ACWDT|Australian Central
 Western Time|ACWT|Australia/Eucla
Australian Eastern Standard Time|AEST|Australian Eastern Daylight Time|AEDT|Eastern Australia
 Time|AET|Antarctica/Macquarie Australia/ACT Australia/Brisbane Australia/Canberra Australia/Currie Australia/Hobart
 Australia/Lindeman Australia/Melbourne Australia/NSW Australia/Queensland Australia/Sydney Australia/Tasmania
 Australia/Victoria
Australian Western Standard Time|AWST|Australian Western Daylight Time|AWDT|Western Australia Time|AWT|Australia/Perth
 Australia/West
Azerbaijan Standard Time|AZT|Azerbaijan Summer Time|AZST|Azerbaijan Time|AZT|Asia/Baku
Azores Standard Time|AZOT|Azores Summer Time|AZOST|Azores Time|AZOT|Atlantic/Azores
Bangladesh Standard Time|BDT|Bangladesh Summer Time|BDST|Bangladesh Time|BDT|Asia/Dacca Asia/Dhaka
Barnaul Standard Time|GMT+07:00|Barnaul Daylight Time|GMT+07:00|Barnaul Time|GMT+07:00|Asia/Barnaul
Bhutan Time|BTT|Bhutan Summer Time|BTST|Bhutan Time|BTT|Asia/Thimbu Asia/Thimphu
Bolivia Time|BOT|Bolivia Summer Time|BOST|Bolivia Time|BOT|America/La_Paz
Bougainville Standard Time|BST|Bougainville Daylight Time|BST|Bougainville Time|BT|Pacific/Bougainville
Brasilia Standard Time|BRT|Brasilia Summer Time|BRST|Brasilia Time|BRT|America/Araguaina America/Bahia America/Belem
 America/Fortaleza America/Maceio America/Recife America/Santarem America/Sao_Paulo Brazil/East
Brunei Darussalam Time|BNT|Brunei Summer Time|BNST|Brunei Time|BNT|Asia/Brunei
Cape Verde Standard Time|CVT|Cape Verde Summer Time|CVST|Cape Verde Time|CVT|Atlantic/Cape_Verde
Casey Time|AWST|Australian Western Daylight Time|AWDT|Australian Western Time|AWT|Antarctica/Casey
Central Africa Time|CAT|Central African Summer Time|CAST|Central Africa Time|CAT|Africa/Blantyre Africa/Bujumbura
 Africa/Gaborone Africa/Harare Africa/Juba Africa/Khartoum Africa/Kigali Africa/Lubumbashi Africa/Lusaka Africa/Maputo
Central Africa Time|CAT|Western African Time|WAT|Central African Time|CAT|Africa/Windhoek
Central European Standard Time|CET|Central European Summer Time|CEST|Central European Time|CET|Africa/Algiers
 Africa/Ceuta Africa/Tunis Arctic/Longyearbyen Atlantic/Jan_Mayen Europe/Amsterdam Europe/Andorra Europe/Belgrade
 Europe/Berlin Europe/Bratislava Europe/Brussels Europe/Budapest Europe/Busingen Europe/Copenhagen Europe/Gibraltar
 Europe/Ljubljana Europe/Luxembourg Europe/Madrid Europe/Malta Europe/Monaco Europe/Oslo Europe/Paris Europe/Podgorica
 Europe/Prague Europe/Rome Europe/San_Marino Europe/Sarajevo Europe/Skopje Europe/Stockholm Europe/Tirane Europe/Vaduz
 Europe/Vatican Europe/Vienna Europe/Warsaw Europe/Zagreb Europe/Zurich Poland
Central European Time|CET|Central European Summer Time|CEST|Central European Time|CET|CET
Central Indonesia Time|WITA|Central Indonesia Summer Time|CIST|Central Indonesia Time|WITA|Asia/Makassar
 Asia/Ujung_Pandang
Central Standard Time|CST|Central Daylight Time|CDT|Central Time|CT|America/Bahia_Banderas America/Belize
 America/Chicago America/Chihuahua America/Costa_Rica America/El_Salvador America/Guatemala America/Indiana/Knox
 America/Indiana/Tell_City America/Knox_IN America/Managua America/Matamoros America/Menominee America/Merida
 America/Mexico_City America/Monterrey America/North_Dakota/Beulah America/North_Dakota/Center
 America/North_Dakota/New_Salem America/Ojinaga America/Rainy_River America/Rankin_Inlet America/Regina
 America/Resolute America/Swift_Current America/Tegucigalpa America/Winnipeg CST6CDT Canada/Central Canada/Saskatchewan
 Mexico/General US/Central US/Indiana-Starke
Chamorro Standard Time|ChST|Chamorro Daylight Time|ChDT|Chamorro Time|ChT|Pacific/Guam Pacific/Saipan
Chatham Standard Time|CHAST|Chatham Daylight Time|CHADT|Chatham Time|CHAT|NZ-CHAT Pacific/Chatham
Chile Standard Time|CLT|Chile Summer Time|CLST|Chile Time|CLT|America/Santiago Chile/Continental
Chile Time|CLT|Chile Summer Time|CLST|Chile Time|CLT|Antarctica/Palmer
China Standard Time|CST|China Daylight Time|CDT|China Time|CT|Asia/Chongqing Asia/Chungking Asia/Harbin Asia/Macao
 Asia/Macau Asia/Shanghai PRC
Christmas Island Time|CXT|Christmas Island Summer Time|CXST|Christmas Island Time|CIT|Indian/Christmas
Chuuk Time|CHUT|Chuuk Summer Time|CHUST|Chuuk Time|CHUT|Pacific/Chuuk Pacific/Truk Pacific/Yap
Cocos Islands Time|CCT|Cocos Islands Summer Time|CCST|Cocos Islands Time|CCT|Indian/Cocos
Colombia Standard Time|COT|Colombia Summer Time|COST|Colombia Time|COT|America/Bogota
Cook Islands Standard Time|CKT|Cook Islands Half Summer Time|CKHST|Cook Islands Time|CKT|Pacific/Rarotonga
Coordinated Universal Time|UTC|Coordinated Universal Time|UTC|Coordinated Universal Time|UTC|Etc/UCT Etc/UTC
 Etc/Universal Etc/Zulu UCT UTC Universal Zulu
Cuba Standard Time|CST|Cuba Daylight Time|CDT|Cuba Time|CT|America/Havana Cuba
Davis Time|DAVT|Davis Summer Time|DAVST|Davis Time|DAVT|Antarctica/Davis
Dumont-d’Urville Time|DDUT|Dumont-d'Urville Summer Time|DDUST|Dumont-d'Urville Time|DDUT|Antarctica/DumontDUrville
East Africa Time|EAT|Eastern African Summer Time|EAST|Eastern Africa Time|EAT|Africa/Addis_Ababa Africa/Asmara
 Africa/Asmera Africa/Dar_es_Salaam Africa/Djibouti Africa/Kampala Africa/Mogadishu Africa/Nairobi Indian/Antananarivo
 Indian/Comoro Indian/Mayotte
East Greenland Standard Time|EGT|East Greenland Summer Time|EGST|East Greenland Time|EGT|America/Scoresbysund
East Kazakhstan Time|ALMT|Alma-Ata Summer Time|ALMST|Alma-Ata Time|ALMT|Asia/Almaty
East Kazakhstan Time|QOST|Kostanay Summer Time|QOSST|Kostanay Time|QOST|Asia/Qostanay
East Timor Time|TLT|Timor-Leste Summer Time|TLST|Timor-Leste Time|TLT|Asia/Dili
Easter Island Standard Time|EAST|Easter Island Summer Time|EASST|Easter Island Time|EAST|Chile/EasterIsland
 Pacific/Easter
Eastern European Standard Time|EET|Eastern European Summer Time|EEST|Eastern European Time|EET|Africa/Cairo
 Africa/Tripoli Asia/Amman Asia/Beirut Asia/Damascus Asia/Gaza Asia/Hebron Asia/Nicosia Egypt Europe/Athens
 Europe/Bucharest Europe/Chisinau Europe/Helsinki Europe/Kaliningrad Europe/Kiev Europe/Kyiv Europe/Mariehamn
 Europe/Nicosia Europe/Riga Europe/Sofia Europe/Tallinn Europe/Tiraspol Europe/Uzhgorod Europe/Vilnius
 Europe/Zaporozhye Libya
Eastern European Time|EET|Eastern European Summer Time|EEST|Eastern European Time|EET|Asia/Famagusta EET
Eastern Indonesia Time|WIT|East Indonesia Summer Time|EIST|East Indonesia Time|WIT|Asia/Jayapura
Eastern Standard Time|EST|Eastern Daylight Time|EDT|Eastern Time|ET|America/Atikokan America/Cancun America/Cayman
 America/Coral_Harbour America/Detroit America/Fort_Wayne America/Grand_Turk America/Indiana/Indianapolis
 America/Indiana/Marengo America/Indiana/Petersburg America/Indiana/Vevay America/Indiana/Vincennes
 America/Indiana/Winamac America/Indianapolis America/Iqaluit America/Jamaica America/Kentucky/Louisville
 America/Kentucky/Monticello America/Louisville America/Montreal America/Nassau America/New_York America/Nipigon
 America/Panama America/Pangnirtung America/Port-au-Prince America/Thunder_Bay America/Toronto Canada/Eastern EST5EDT
 Jamaica US/East-Indiana US/Eastern US/Michigan
Ecuador Time|ECT|Ecuador Summer Time|ECST|Ecuador Time|ECT|America/Guayaquil
Falkland Islands Standard Time|FKT|Falkland Islands Summer Time|FKST|Falkland Islands Time|FKT|Atlantic/Stanley
Fernando de Noronha Standard Time|FNT|Fernando de Noronha Summer Time|FNST|Fernando de Noronha
 Time|FNT|America/Noronha Brazil/DeNoronha
Fiji Standard Time|FJT|Fiji Summer Time|FJST|Fiji Time|FJT|Pacific/Fiji
French Guiana Time|GFT|French Guiana Summer Time|GFST|French Guiana Time|GFT|America/Cayenne
French Southern & Antarctic Time|TFT|French Southern & Antarctic Lands Summer Time|TFST|French Southern & Antarctic
 Lands Time|TFT|Indian/Kerguelen
GMT+01:00|GMT+01:00|GMT+01:00|GMT+01:00|GMT+01:00|GMT+01:00|Etc/GMT-1
GMT+02:00|GMT+02:00|GMT+02:00|GMT+02:00|GMT+02:00|GMT+02:00|Etc/GMT-2
GMT+03:00|GMT+03:00|GMT+03:00|GMT+03:00|GMT+03:00|GMT+03:00|Etc/GMT-3
GMT+04:00|GMT+04:00|GMT+04:00|GMT+04:00|GMT+04:00|GMT+04:00|Etc/GMT-4
GMT+05:00|GMT+05:00|GMT+05:00|GMT+05:00|GMT+05:00|GMT+05:00|Etc/GMT-5
GMT+06:00|GMT+06:00|GMT+06:00|GMT+06:00|GMT+06:00|GMT+06:00|Etc/GMT-6
GMT+07:00|GMT+07:00|GMT+07:00|GMT+07:00|GMT+07:00|GMT+07:00|Etc/GMT-7
GMT+08:00|GMT+08:00|GMT+08:00|GMT+08:00|GMT+08:00|GMT+08:00|Etc/GMT-8
GMT+09:00|GMT+09:00|GMT+09:00|GMT+09:00|GMT+09:00|GMT+09:00|Etc/GMT-9
GMT+10:00|GMT+10:00|GMT+10:00|GMT+10:00|GMT+10:00|GMT+10:00|Etc/GMT-10
GMT+11:00|GMT+11:00|GMT+11:00|GMT+11:00|GMT+11:00|GMT+11:00|Etc/GMT-11
GMT+12:00|GMT+12:00|GMT+12:00|GMT+12:00|GMT+12:00|GMT+12:00|Etc/GMT-12
GMT+13:00|GMT+13:00|GMT+13:00|GMT+13:00|GMT+13:00|GMT+13:00|Etc/GMT-13
GMT+14:00|GMT+14:00|GMT+14:00|GMT+14:00|GMT+14:00|GMT+14:00|Etc/GMT-14
GMT-01:00|GMT-01:00|GMT-01:00|GMT-01:00|GMT-01:00|GMT-01:00|Etc/GMT+1
GMT-02:00|GMT-02:00|GMT-02:00|GMT-02:00|GMT-02:00|GMT-02:00|Etc/GMT+2
GMT-03:00|GMT-03:00|GMT-03:00|GMT-03:00|GMT-03:00|GMT-03:00|Etc/GMT+3
GMT-04:00|GMT-04:00|GMT-04:00|GMT-04:00|GMT-04:00|GMT-04:00|Etc/GMT+4
GMT-05:00|GMT-05:00|GMT-05:00|GMT-05:00|GMT-05:00|GMT-05:00|Etc/GMT+5
GMT-06:00|GMT-06:00|GMT-06:00|GMT-06:00|GMT-06:00|GMT-06:00|Etc/GMT+6
GMT-07:00|GMT-07:00|GMT-07:00|GMT-07:00|GMT-07:00|GMT-07:00|Etc/GMT+7
GMT-08:00|GMT-08:00|GMT-08:00|GMT-08:00|GMT-08:00|GMT-08:00|Etc/GMT+8
GMT-09:00|GMT-09:00|GMT-09:00|GMT-09:00|GMT-09:00|GMT-09:00|Etc/GMT+9
GMT-10:00|GMT-10:00|GMT-10:00|GMT-10:00|GMT-10:00|GMT-10:00|Etc/GMT+10
GMT-11:00|GMT-11:00|GMT-11:00|GMT-11:00|GMT-11:00|GMT-11:00|Etc/GMT+11
GMT-12:00|GMT-12:00|GMT-12:00|GMT-12:00|GMT-12:00|GMT-12:00|Etc/GMT+12
Galapagos Time|GALT|Galapagos Summer Time|GALST|Galapagos Time|GALT|Pacific/Galapagos
Gambier Time|GAMT|Gambier Summer Time|GAMST|Gambier Time|GAMT|Pacific/Gambier
Georgia Standard Time|GET|Georgia Summer Time|GEST|Georgia Time|GET|Asia/Tbilisi
Gilbert Islands Time|GILT|Gilbert Is. Summer Time|GILST|Gilbert Is. Time|GILT|Pacific/Tarawa
Greenwich Mean Time|GMT|British Summer Time|BST|British Time|BT|Europe/Belfast Europe/Guernsey Europe/Isle_of_Man
 Europe/Jersey Europe/London GB GB-Eire
Greenwich Mean Time|GMT|Central European Summer Time|CEST|Troll Time|ATT|Antarctica/Troll
Greenwich Mean Time|GMT|Ghana Summer Time|GHST|Ghana Mean Time|GMT|Africa/Accra
Greenwich Mean Time|GMT|Greenwich Mean Time|GMT|Greenwich Mean Time|GMT|Africa/Abidjan Africa/Bamako Africa/Banjul
 Africa/Bissau Africa/Conakry Africa/Dakar Africa/Freetown Africa/Lome Africa/Monrovia Africa/Nouakchott
 Africa/Ouagadougou Africa/Sao_Tome Africa/Timbuktu America/Danmarkshavn Atlantic/Reykjavik Atlantic/St_Helena Etc/GMT
 Etc/GMT+0 Etc/GMT-0 Etc/GMT0 Etc/Greenwich GMT GMT0 Greenwich Iceland
Greenwich Mean Time|GMT|Irish Standard Time|IST|Irish Time|IT|Eire Europe/Dublin
Gulf Standard Time|GST|Gulf Daylight Time|GDT|Gulf Time|GT|Asia/Dubai Asia/Muscat
Guyana Time|GYT|Guyana Summer Time|GYST|Guyana Time|GYT|America/Guyana
Hawaii-Aleutian Standard Time|HAST|Hawaii-Aleutian Daylight Time|HADT|Hawaii-Aleutian Time|HAT|America/Adak
 America/Atka Pacific/Johnston US/Aleutian
Hawaii-Aleutian Standard Time|HST|Hawaii-Aleutian Daylight Time|HDT|Hawaii-Aleutian Time|HST|Pacific/Honolulu
 US/Hawaii
Hong Kong Standard Time|HKT|Hong Kong Summer Time|HKST|Hong Kong Time|HKT|Asia/Hong_Kong Hongkong
Hovd Standard Time|HOVT|Hovd Summer Time|HOVST|Hovd Time|HOVT|Asia/Hovd
India Standard Time|IST|India Daylight Time|IDT|India Time|IT|Asia/Calcutta Asia/Colombo Asia/Kolkata
Indian Ocean Time|IOT|Indian Ocean Territory Summer Time|IOST|Indian Ocean Territory Time|IOT|Indian/Chagos
Indochina Time|ICT|Indochina Summer Time|ICST|Indochina Time|ICT|Asia/Bangkok Asia/Ho_Chi_Minh Asia/Phnom_Penh
 Asia/Saigon Asia/Vientiane
Iran Standard Time|IRST|Iran Daylight Time|IRDT|Iran Time|IRT|Asia/Tehran Iran
Irkutsk Standard Time|IRKT|Irkutsk Summer Time|IRKST|Irkutsk Time|IRKT|Asia/Irkutsk
Israel Standard Time|IST|Israel Daylight Time|IDT|Israel Time|IT|Asia/Jerusalem Asia/Tel_Aviv Israel
Japan Standard Time|JST|Japan Daylight Time|JDT|Japan Time|JT|Asia/Tokyo Japan
Kanton Standard Time|GMT+13:00|Kanton Daylight Time|GMT+13:00|Kanton Time|GMT+13:00|Pacific/Kanton
Korean Standard Time|KST|Korean Daylight Time|KDT|Korean Time|KT|Asia/Pyongyang Asia/Seoul ROK
Kosrae Time|KOST|Kosrae Summer Time|KOSST|Kosrae Time|KOST|Pacific/Kosrae
Krasnoyarsk Standard Time|KRAT|Krasnoyarsk Summer Time|KRAST|Krasnoyarsk Time|KRAT|Asia/Krasnoyarsk Asia/Novokuznetsk
Kyrgyzstan Time|KGT|Kirgizstan Summer Time|KGST|Kirgizstan Time|KGT|Asia/Bishkek
Line Islands Time|LINT|Line Is. Summer Time|LINST|Line Is. Time|LINT|Pacific/Kiritimati
Lord Howe Standard Time|LHST|Lord Howe Daylight Time|LHDT|Lord Howe Time|LHT|Australia/LHI Australia/Lord_Howe
Magadan Standard Time|MAGT|Magadan Summer Time|MAGST|Magadan Time|MAGT|Asia/Magadan
Malaysia Time|MYT|Malaysia Summer Time|MYST|Malaysia Time|MYT|Asia/Kuala_Lumpur Asia/Kuching
Maldives Time|MVT|Maldives Summer Time|MVST|Maldives Time|MVT|Indian/Maldives
Marquesas Time|MART|Marquesas Summer Time|MARST|Marquesas Time|MART|Pacific/Marquesas
Marshall Islands Time|MHT|Marshall Islands Summer Time|MHST|Marshall Islands Time|MHT|Kwajalein Pacific/Kwajalein
 Pacific/Majuro
Mauritius Standard Time|MUT|Mauritius Summer Time|MUST|Mauritius Time|MUT|Indian/Mauritius
Mawson Time|MAWT|Mawson Summer Time|MAWST|Mawson Time|MAWT|Antarctica/Mawson
Mexican Pacific Standard Time|MST|Mexican Pacific Daylight Time|MDT|Mexican Pacific Time|MT|America/Hermosillo
 America/Mazatlan Mexico/BajaSur
Middle Europe Time|MET|Middle Europe Summer Time|MEST|Middle Europe Time|MET|MET
Moscow Standard Time|MSK|Moscow Daylight Time|MSD|Moscow Time|MT|Europe/Kirov
Moscow Standard Time|MSK|Moscow Summer Time|MSD|Moscow Time|MT|Europe/Minsk Europe/Moscow Europe/Simferopol W-SU
Mountain Standard Time|MST|Mountain Daylight Time|MDT|Mountain Time|MT|America/Boise America/Cambridge_Bay
 America/Ciudad_Juarez America/Creston America/Dawson America/Dawson_Creek America/Denver America/Edmonton
 America/Fort_Nelson America/Inuvik America/Phoenix America/Shiprock America/Whitehorse America/Yellowknife
 Canada/Mountain Canada/Yukon MST7MDT Navajo US/Arizona US/Mountain
Myanmar Time|MMT|Myanmar Summer Time|MMST|Myanmar Time|MMT|Asia/Rangoon Asia/Yangon
Nauru Time|NRT|Nauru Summer Time|NRST|Nauru Time|NRT|Pacific/Nauru
Nepal Time|NPT|Nepal Summer Time|NPST|Nepal Time|NPT|Asia/Kathmandu Asia/Katmandu
New Caledonia Standard Time|NCT|New Caledonia Summer Time|NCST|New Caledonia Time|NCT|Pacific/Noumea
New Zealand Standard Time|NZST|New Zealand Daylight Time|NZDT|New Zealand Time|NZT|Antarctica/McMurdo
 Antarctica/South_Pole NZ Pacific/Auckland
Newfoundland Standard Time|NST|Newfoundland Daylight Time|NDT|Newfoundland Time|NT|America/St_Johns
 Canada/Newfoundland
Niue Time|NUT|Niue Summer Time|NUST|Niue Time|NUT|Pacific/Niue
Norfolk Island Standard Time|NFT|Norfolk Island Daylight Time|NFST|Norfolk Island Time|NFT|Pacific/Norfolk
Northwest Mexico Standard Time|PST|Northwest Mexico Daylight Time|PDT|Northwest Mexico Time|PT|America/Santa_Isabel
Novosibirsk Standard Time|NOVT|Novosibirsk Summer Time|NOVST|Novosibirsk Time|NOVT|Asia/Novosibirsk
Omsk Standard Time|OMST|Omsk Summer Time|OMSST|Omsk Time|OMST|Asia/Omsk
Pacific Standard Time|PST|Pacific Daylight Time|PDT|Pacific Time|PT|America/Ensenada America/Los_Angeles
 America/Tijuana America/Vancouver Canada/Pacific Mexico/BajaNorte PST8PDT US/Pacific
Pakistan Standard Time|PKT|Pakistan Summer Time|PKST|Pakistan Time|PKT|Asia/Karachi
Palau Time|PWT|Palau Summer Time|PWST|Palau Time|PWT|Pacific/Palau
Papua New Guinea Time|PGT|Papua New Guinea Summer Time|PGST|Papua New Guinea Time|PGT|Pacific/Port_Moresby
Paraguay Standard Time|PYT|Paraguay Summer Time|PYST|Paraguay Time|PYT|America/Asuncion
Peru Standard Time|PET|Peru Summer Time|PEST|Peru Time|PET|America/Lima
Petropavlovsk-Kamchatski Standard Time|PETT|Petropavlovsk-Kamchatski Summer Time|PETST|Petropavlovsk-Kamchatski
 Time|PETT|Asia/Kamchatka
Philippine Standard Time|PST|Philippine Summer Time|PDT|Philippine Time|PT|Asia/Manila
Phoenix Islands Time|PHOT|Phoenix Is. Summer Time|PHOST|Phoenix Is. Time|PHOT|Pacific/Enderbury
Pitcairn Time|PST|Pitcairn Daylight Time|PDT|Pitcairn Time|PT|Pacific/Pitcairn
Ponape Time|PONT|Pohnpei Summer Time|PONST|Ponape Time|PONT|Pacific/Pohnpei Pacific/Ponape
Punta Arenas Standard Time|GMT-03:00|Punta Arenas Standard Time|GMT-03:00|Punta Arenas
 Time|GMT-03:00|America/Punta_Arenas
Rothera Time|ROTT|Rothera Summer Time|ROTST|Rothera Time|ROTT|Antarctica/Rothera
Réunion Time|RET|Reunion Summer Time|REST|Reunion Time|RET|Indian/Reunion
Sakhalin Standard Time|SAKT|Sakhalin Summer Time|SAKST|Sakhalin Time|SAKT|Asia/Sakhalin
Samara Standard Time|SAMT|Samara Summer Time|SAMST|Samara Time|SAMT|Europe/Samara
Samoa Standard Time|SST|Samoa Daylight Time|SDT|Samoa Time|ST|Pacific/Midway Pacific/Pago_Pago Pacific/Samoa US/Samoa
Saratov Standard Time|GMT+04:00|Saratov Standard Time|GMT+04:00|Saratov Time|GMT+04:00|Europe/Saratov
Seychelles Time|SCT|Seychelles Summer Time|SCST|Seychelles Time|SCT|Indian/Mahe
Singapore Standard Time|SGT|Singapore Summer Time|SGST|Singapore Time|SGT|Asia/Singapore Singapore
Solomon Islands Time|SBT|Solomon Is. Summer Time|SBST|Solomon Is. Time|SBT|Pacific/Guadalcanal
South Africa Standard Time|SAST|South Africa Summer Time|SAST|South Africa Time|SAT|Africa/Johannesburg Africa/Maseru
 Africa/Mbabane
South Georgia Time|GST|South Georgia Daylight Time|GDT|South Georgia Time|GT|Atlantic/South_Georgia
Srednekolymsk Time|SRET|Srednekolymsk Daylight Time|SREDT|Srednekolymsk Time|SRET|Asia/Srednekolymsk
St. Pierre & Miquelon Standard Time|PMST|St. Pierre & Miquelon Daylight Time|PMDT|St. Pierre & Miquelon
 Time|PMT|America/Miquelon
Suriname Time|SRT|Suriname Summer Time|SRST|Suriname Time|SRT|America/Paramaribo
Syowa Time|SYOT|Syowa Summer Time|SYOST|Syowa Time|SYOT|Antarctica/Syowa
Tahiti Time|TAHT|Tahiti Summer Time|TAHST|Tahiti Time|TAHT|Pacific/Tahiti
Taipei Standard Time|CST|Taipei Daylight Time|CDT|Taipei Time|CT|Asia/Taipei
Tajikistan Time|TJT|Tajikistan Summer Time|TJST|Tajikistan Time|TJT|Asia/Dushanbe
Tokelau Time|TKT|Tokelau Summer Time|TKST|Tokelau Time|TKT|Pacific/Fakaofo
Tomsk Standard Time|GMT+07:00|Tomsk Daylight Time|GMT+07:00|Tomsk Time|GMT+07:00|Asia/Tomsk
Tonga Standard Time|TOT|Tonga Summer Time|TOST|Tonga Time|TOT|Pacific/Tongatapu
Turkey Time|TRT|Turkey Summer Time|TRST|Turkey Time|TRT|Asia/Istanbul Europe/Istanbul Turkey
Turkmenistan Standard Time|TMT|Turkmenistan Summer Time|TMST|Turkmenistan Time|TMT|Asia/Ashgabat Asia/Ashkhabad
Tuvalu Time|TVT|Tuvalu Summer Time|TVST|Tuvalu Time|TVT|Pacific/Funafuti
Ulaanbaatar Standard Time|CHOT|Ulaanbaatar Summer Time|CHOST|Ulaanbaatar Time|CHOT|Asia/Choibalsan
Ulaanbaatar Standard Time|ULAT|Ulaanbaatar Summer Time|ULAST|Ulaanbaatar Time|ULAT|Asia/Ulaanbaatar Asia/Ulan_Bator
Ulyanovsk Standard Time|GMT+04:00|Ulyanovsk Standard Time|GMT+04:00|Ulyanovsk Time|GMT+04:00|Europe/Ulyanovsk
Uruguay Standard Time|UYT|Uruguay Summer Time|UYST|Uruguay Time|UYT|America/Montevideo
Uzbekistan Standard Time|UZT|Uzbekistan Summer Time|UZST|Uzbekistan Time|UZT|Asia/Samarkand Asia/Tashkent
Vanuatu Standard Time|VUT|Vanuatu Summer Time|VUST|Vanuatu Time|VUT|Pacific/Efate
Venezuela Time|VET|Venezuela Summer Time|VEST|Venezuela Time|VET|America/Caracas
Vladivostok Standard Time|VLAT|Vladivostok Summer Time|VLAST|Vladivostok Time|VLAT|Asia/Ust-Nera Asia/Vladivostok
Volgograd Standard Time|MSK|Volgograd Summer Time|MSD|Volgograd Time|MT|Europe/Volgograd
Vostok Time|VOST|Vostok Summer Time|VOSST|Vostok Time|VOST|Antarctica/Vostok
Wake Island Time|WAKT|Wake Summer Time|WAKST|Wake Time|WAKT|Pacific/Wake
Wallis & Futuna Time|WFT|Wallis & Futuna Summer Time|WFST|Wallis & Futuna Time|WFT|Pacific/Wallis
West Africa Standard Time|WAT|West Africa Summer Time|WAST|West Africa Time|WAT|Africa/Bangui Africa/Brazzaville
 Africa/Douala Africa/Kinshasa Africa/Lagos Africa/Libreville Africa/Luanda Africa/Malabo Africa/Ndjamena Africa/Niamey
 Africa/Porto-Novo
West Greenland Standard Time|WGT|West Greenland Summer Time|WGST|West Greenland Time|WGT|America/Godthab America/Nuuk
West Kazakhstan Time|AQTT|Aqtau Summer Time|AQTST|Aqtau Time|AQTT|Asia/Aqtau
West Kazakhstan Time|AQTT|Aqtobe Summer Time|AQTST|Aqtobe Time|AQTT|Asia/Aqtobe
West Kazakhstan Time|GMT+05:00|Atyrau Daylight Time|GMT+05:00|Atyrau Time|GMT+05:00|Asia/Atyrau
West Kazakhstan Time|ORAT|Oral Summer Time|ORAST|Oral Time|ORAT|Asia/Oral
West Kazakhstan Time|QYZT|Qyzylorda Summer Time|QYZST|Qyzylorda Time|QYZT|Asia/Qyzylorda
Western European Standard Time|WET|Western European Summer Time|WEST|Western European Time|WET|Atlantic/Canary
 Atlantic/Faeroe Atlantic/Faroe Atlantic/Madeira Europe/Lisbon Portugal
Western European Time|WET|Western European Summer Time|WEST|Western European Time|WET|Africa/Casablanca
 Africa/El_Aaiun WET
Western Indonesia Time|WIB|West Indonesia Summer Time|WIST|West Indonesia Time|WIB|Asia/Jakarta Asia/Pontianak
Xinjiang Standard Time|XJT|Xinjiang Daylight Time|XJDT|Xinjiang Time|XJT|Asia/Kashgar Asia/Urumqi
Yakutsk Standard Time|YAKT|Yakutsk Summer Time|YAKST|Yakutsk Time|YAKT|Asia/Chita Asia/Khandyga Asia/Yakutsk
Yekaterinburg Standard Time|YEKT|Yekaterinburg Summer Time|YEKST|Yekaterinburg Time|YEKT|Asia/Yekaterinburg
)";

const std::string_view kShortZoneNames =
    R"(ACDT=Australia/Adelaide;ACST=America/Rio_Branco;ACT=America/Rio_Branco;ACWDT=Australia/Eucla;ACWST=Australia/Eucla;
ACWT=Australia/Eucla;ADT=America/Halifax;AEDT=Australia/Sydney;AEST=Australia/Sydney;AET=Australia/Sydney;
AFST=Asia/Kabul;AFT=Asia/Kabul;AKDT=America/Juneau;AKST=America/Juneau;AKT=America/Juneau;ALMST=Asia/Almaty;
ALMT=Asia/Almaty;AMST=America/Manaus;AMT=America/Manaus;ANAST=Asia/Anadyr;ANAT=Asia/Anadyr;AQTST=Asia/Aqtobe;
AQTT=Asia/Aqtobe;ARST=America/Argentina/Buenos_Aires;ART=America/Argentina/Buenos_Aires;AST=America/Halifax;
AT=America/Halifax;ATT=Africa/Abidjan;AWDT=Australia/Perth;AWST=Australia/Perth;AWT=Australia/Perth;
AZOST=Atlantic/Azores;AZOT=Atlantic/Azores;AZST=Asia/Baku;AZT=Asia/Baku;BDST=Asia/Dhaka;BDT=Asia/Dhaka;
BNST=Asia/Kuching;BNT=Asia/Kuching;BOST=America/La_Paz;BOT=America/La_Paz;BRST=America/Sao_Paulo;
BRT=America/Sao_Paulo;BST=Pacific/Bougainville;BT=Pacific/Bougainville;BTST=Asia/Thimphu;BTT=Asia/Thimphu;
CAST=Africa/Maputo;CAT=Africa/Maputo;CCST=Asia/Yangon;CCT=Asia/Yangon;CDT=America/Chicago;CEST=Europe/Paris;
CET=Europe/Paris;CHADT=Pacific/Chatham;CHAST=Pacific/Chatham;CHAT=Pacific/Chatham;CHOST=Asia/Ulaanbaatar;
CHOT=Asia/Ulaanbaatar;CHUST=Pacific/Port_Moresby;CHUT=Pacific/Port_Moresby;CIST=Asia/Makassar;CIT=Asia/Bangkok;
CKHST=Pacific/Rarotonga;CKT=Pacific/Rarotonga;CLST=Antarctica/Palmer;CLT=Antarctica/Palmer;COST=America/Bogota;
COT=America/Bogota;CST=America/Chicago;CT=America/Chicago;CVST=Atlantic/Cape_Verde;CVT=Atlantic/Cape_Verde;
CXST=Asia/Bangkok;CXT=Asia/Bangkok;ChDT=Pacific/Guam;ChST=Pacific/Guam;ChT=Pacific/Guam;DAVST=Antarctica/Davis;
DAVT=Antarctica/Davis;DDUST=Pacific/Port_Moresby;DDUT=Pacific/Port_Moresby;EASST=Pacific/Easter;EAST=Pacific/Easter;
EAT=Africa/Nairobi;ECST=America/Guayaquil;ECT=America/Guayaquil;EDT=America/New_York;EEST=Europe/Bucharest;
EET=Europe/Bucharest;EGST=America/Scoresbysund;EGT=America/Scoresbysund;EIST=Asia/Jayapura;EST=America/New_York;
ET=America/New_York;FJST=Pacific/Fiji;FJT=Pacific/Fiji;FKST=Atlantic/Stanley;FKT=Atlantic/Stanley;
FNST=America/Noronha;FNT=America/Noronha;GALST=Pacific/Galapagos;GALT=Pacific/Galapagos;GAMST=Pacific/Gambier;
GAMT=Pacific/Gambier;GDT=Atlantic/South_Georgia;GEST=Asia/Tbilisi;GET=Asia/Tbilisi;GFST=America/Cayenne;
GFT=America/Cayenne;GHST=Africa/Abidjan;GILST=Pacific/Tarawa;GILT=Pacific/Tarawa;GMT=GMT;GMT+01:00=GMT+01:00;
GMT+02:00=GMT+02:00;GMT+03:00=GMT+03:00;GMT+04:00=GMT+04:00;GMT+05:00=GMT+05:00;GMT+06:00=GMT+06:00;
GMT+07:00=GMT+07:00;GMT+08:00=GMT+08:00;GMT+09:00=GMT+09:00;GMT+10:00=GMT+10:00;GMT+11:00=GMT+11:00;
GMT+12:00=GMT+12:00;GMT+13:00=GMT+13:00;GMT+14:00=GMT+14:00;GMT-01:00=GMT-01:00;GMT-02:00=GMT-02:00;
GMT-03:00=GMT-03:00;GMT-04:00=GMT-04:00;GMT-05:00=GMT-05:00;GMT-06:00=GMT-06:00;GMT-07:00=GMT-07:00;
GMT-08:00=GMT-08:00;GMT-09:00=GMT-09:00;GMT-10:00=GMT-10:00;GMT-11:00=GMT-11:00;GMT-12:00=GMT-12:00;
GST=Atlantic/South_Georgia;GT=Atlantic/South_Georgia;GYST=America/Guyana;GYT=America/Guyana;HADT=Pacific/Honolulu;
HAST=Pacific/Honolulu;HAT=Pacific/Honolulu;HDT=Pacific/Honolulu;HKST=Asia/Hong_Kong;HKT=Asia/Hong_Kong;
HOVST=Asia/Hovd;HOVT=Asia/Hovd;HST=Pacific/Honolulu;ICST=Asia/Bangkok;ICT=Asia/Bangkok;IDT=Asia/Kolkata;
IOST=Indian/Chagos;IOT=Indian/Chagos;IRDT=Asia/Tehran;IRKST=Asia/Irkutsk;IRKT=Asia/Irkutsk;IRST=Asia/Tehran;
IRT=Asia/Tehran;IST=Africa/Abidjan;IT=Africa/Abidjan;JDT=Asia/Tokyo;JST=Asia/Tokyo;JT=Asia/Tokyo;KDT=Asia/Seoul;
KGST=Asia/Bishkek;KGT=Asia/Bishkek;KOSST=Pacific/Kosrae;KOST=Pacific/Kosrae;KRAST=Asia/Krasnoyarsk;
KRAT=Asia/Krasnoyarsk;KST=Asia/Seoul;KT=Asia/Seoul;LHDT=Australia/Lord_Howe;LHST=Australia/Lord_Howe;
LHT=Australia/Lord_Howe;LINST=Pacific/Kiritimati;LINT=Pacific/Kiritimati;MAGST=Asia/Magadan;MAGT=Asia/Magadan;
MARST=Pacific/Marquesas;MART=Pacific/Marquesas;MAWST=Antarctica/Mawson;MAWT=Antarctica/Mawson;MDT=America/Denver;
MEST=Europe/Paris;MET=Europe/Paris;MHST=Pacific/Tarawa;MHT=Pacific/Tarawa;MMST=Asia/Yangon;MMT=Asia/Yangon;
MSD=Europe/Moscow;MSK=Europe/Moscow;MST=America/Denver;MT=Europe/Moscow;MUST=Indian/Mauritius;MUT=Indian/Mauritius;
MVST=Indian/Maldives;MVT=Indian/Maldives;MYST=Asia/Kuching;MYT=Asia/Kuching;NCST=Pacific/Noumea;NCT=Pacific/Noumea;
NDT=America/St_Johns;NFST=Pacific/Norfolk;NFT=Pacific/Norfolk;NOVST=Asia/Novosibirsk;NOVT=Asia/Novosibirsk;
NPST=Asia/Kathmandu;NPT=Asia/Kathmandu;NRST=Pacific/Nauru;NRT=Pacific/Nauru;NST=America/St_Johns;NT=America/St_Johns;
NUST=Pacific/Niue;NUT=Pacific/Niue;NZDT=Pacific/Auckland;NZST=Pacific/Auckland;NZT=Pacific/Auckland;OMSST=Asia/Omsk;
OMST=Asia/Omsk;ORAST=Asia/Aqtobe;ORAT=Asia/Aqtobe;PDT=America/Los_Angeles;PEST=America/Lima;PET=America/Lima;
PETST=Asia/Kamchatka;PETT=Asia/Kamchatka;PGST=Pacific/Port_Moresby;PGT=Pacific/Port_Moresby;PHOST=Pacific/Kanton;
PHOT=Pacific/Kanton;PKST=Asia/Karachi;PKT=Asia/Karachi;PMDT=America/Miquelon;PMST=America/Miquelon;
PMT=America/Miquelon;PONST=Pacific/Guadalcanal;PONT=Pacific/Guadalcanal;PST=America/Los_Angeles;
PT=America/Los_Angeles;PWST=Pacific/Palau;PWT=Pacific/Palau;PYST=America/Asuncion;PYT=America/Asuncion;
QOSST=Asia/Almaty;QOST=Asia/Almaty;QYZST=Asia/Aqtobe;QYZT=Asia/Aqtobe;REST=Asia/Dubai;RET=Asia/Dubai;
ROTST=Antarctica/Rothera;ROTT=Antarctica/Rothera;SAKST=Asia/Sakhalin;SAKT=Asia/Sakhalin;SAMST=Europe/Samara;
SAMT=Europe/Samara;SAST=Africa/Johannesburg;SAT=Africa/Johannesburg;SBST=Pacific/Guadalcanal;SBT=Pacific/Guadalcanal;
SCST=Asia/Dubai;SCT=Asia/Dubai;SDT=Pacific/Pago_Pago;SGST=Asia/Singapore;SGT=Asia/Singapore;SREDT=Asia/Srednekolymsk;
SRET=Asia/Srednekolymsk;SRST=America/Paramaribo;SRT=America/Paramaribo;SST=Pacific/Pago_Pago;ST=Pacific/Pago_Pago;
SYOST=Asia/Riyadh;SYOT=Asia/Riyadh;TAHST=Pacific/Tahiti;TAHT=Pacific/Tahiti;TFST=Indian/Maldives;TFT=Indian/Maldives;
TJST=Asia/Dushanbe;TJT=Asia/Dushanbe;TKST=Pacific/Fakaofo;TKT=Pacific/Fakaofo;TLST=Asia/Dili;TLT=Asia/Dili;
TMST=Asia/Ashgabat;TMT=Asia/Ashgabat;TOST=Pacific/Tongatapu;TOT=Pacific/Tongatapu;TRST=Europe/Istanbul;
TRT=Europe/Istanbul;TVST=Pacific/Tarawa;TVT=Pacific/Tarawa;ULAST=Asia/Ulaanbaatar;ULAT=Asia/Ulaanbaatar;UTC=UTC;
UYST=America/Montevideo;UYT=America/Montevideo;UZST=Asia/Tashkent;UZT=Asia/Tashkent;VEST=America/Caracas;
VET=America/Caracas;VLAST=Asia/Vladivostok;VLAT=Asia/Vladivostok;VOSST=Antarctica/Vostok;VOST=Antarctica/Vostok;
VUST=Pacific/Efate;VUT=Pacific/Efate;WAKST=Pacific/Tarawa;WAKT=Pacific/Tarawa;WAST=Africa/Lagos;WAT=Africa/Lagos;
WEST=Atlantic/Canary;WET=Atlantic/Canary;WFST=Pacific/Tarawa;WFT=Pacific/Tarawa;WGST=America/Nuuk;WGT=America/Nuuk;
WIB=Asia/Jakarta;WIST=Asia/Jakarta;WIT=Asia/Jayapura;WITA=Asia/Makassar;WSDT=Pacific/Apia;WSST=Pacific/Apia;
WST=Pacific/Apia;XJDT=Asia/Urumqi;XJT=Asia/Urumqi;YAKST=Asia/Yakutsk;YAKT=Asia/Yakutsk;YEKST=Asia/Yekaterinburg;
YEKT=Asia/Yekaterinburg;
)";

const std::string_view kLongZoneNames =
    R"(Acre Standard Time=America/Rio_Branco;Acre Summer Time=America/Rio_Branco;Acre Time=America/Rio_Branco;
Afghanistan Summer Time=Asia/Kabul;Afghanistan Time=Asia/Kabul;Alaska Daylight Time=America/Juneau;
Alaska Standard Time=America/Juneau;Alaska Time=America/Juneau;Alma-Ata Summer Time=Asia/Almaty;
Alma-Ata Time=Asia/Almaty;Amazon Standard Time=America/Manaus;Amazon Summer Time=America/Manaus;
Amazon Time=America/Manaus;Anadyr Standard Time=Asia/Anadyr;Anadyr Summer Time=Asia/Anadyr;Anadyr Time=Asia/Anadyr;
Apia Daylight Time=Pacific/Apia;Apia Standard Time=Pacific/Apia;Apia Time=Pacific/Apia;Aqtau Summer Time=Asia/Aqtobe;
Aqtau Time=Asia/Aqtobe;Aqtobe Summer Time=Asia/Aqtobe;Aqtobe Time=Asia/Aqtobe;Arabian Daylight Time=Asia/Riyadh;
Arabian Standard Time=Asia/Riyadh;Arabian Time=Asia/Riyadh;Argentina Standard Time=America/Argentina/Buenos_Aires;
Argentina Summer Time=America/Argentina/Buenos_Aires;Argentina Time=America/Argentina/Buenos_Aires;
Armenia Standard Time=Asia/Yerevan;Armenia Summer Time=Asia/Yerevan;Armenia Time=Asia/Yerevan;
Astrakhan Standard Time=Europe/Astrakhan;Astrakhan Time=Europe/Astrakhan;Atlantic Daylight Time=America/Halifax;
Atlantic Standard Time=America/Halifax;Atlantic Time=America/Halifax;Atyrau Daylight Time=Asia/Aqtobe;
Atyrau Time=Asia/Aqtobe;Australian Central Daylight Time=Australia/Adelaide;
Australian Central Standard Time=Australia/Adelaide;Australian Central Western Daylight Time=Australia/Eucla;
Australian Central Western Standard Time=Australia/Eucla;Australian Central Western Time=Australia/Eucla;
Australian Eastern Daylight Time=Australia/Sydney;Australian Eastern Standard Time=Australia/Sydney;
Australian Western Daylight Time=Australia/Perth;Australian Western Standard Time=Australia/Perth;
Australian Western Time=Antarctica/Casey;Azerbaijan Standard Time=Asia/Baku;Azerbaijan Summer Time=Asia/Baku;
Azerbaijan Time=Asia/Baku;Azores Standard Time=Atlantic/Azores;Azores Summer Time=Atlantic/Azores;
Azores Time=Atlantic/Azores;Bangladesh Standard Time=Asia/Dhaka;Bangladesh Summer Time=Asia/Dhaka;
Bangladesh Time=Asia/Dhaka;Barnaul Daylight Time=Asia/Barnaul;Barnaul Standard Time=Asia/Barnaul;
Barnaul Time=Asia/Barnaul;Bhutan Summer Time=Asia/Thimphu;Bhutan Time=Asia/Thimphu;Bolivia Summer Time=America/La_Paz;
Bolivia Time=America/La_Paz;Bougainville Daylight Time=Pacific/Bougainville;
Bougainville Standard Time=Pacific/Bougainville;Bougainville Time=Pacific/Bougainville;
Brasilia Standard Time=America/Sao_Paulo;Brasilia Summer Time=America/Sao_Paulo;Brasilia Time=America/Sao_Paulo;
British Summer Time=Africa/Abidjan;British Time=Africa/Abidjan;Brunei Darussalam Time=Asia/Kuching;
Brunei Summer Time=Asia/Kuching;Brunei Time=Asia/Kuching;Cape Verde Standard Time=Atlantic/Cape_Verde;
Cape Verde Summer Time=Atlantic/Cape_Verde;Cape Verde Time=Atlantic/Cape_Verde;Casey Time=Antarctica/Casey;
Central Africa Time=Africa/Maputo;Central African Summer Time=Africa/Maputo;Central African Time=Africa/Maputo;
Central Australia Time=Australia/Adelaide;Central Daylight Time=America/Chicago;
Central European Standard Time=Europe/Paris;Central European Summer Time=Europe/Paris;
Central European Time=Europe/Paris;Central Indonesia Summer Time=Asia/Makassar;Central Indonesia Time=Asia/Makassar;
Central Standard Time=America/Chicago;Central Time=America/Chicago;Chamorro Daylight Time=Pacific/Guam;
Chamorro Standard Time=Pacific/Guam;Chamorro Time=Pacific/Guam;Chatham Daylight Time=Pacific/Chatham;
Chatham Standard Time=Pacific/Chatham;Chatham Time=Pacific/Chatham;Chile Standard Time=America/Santiago;
Chile Summer Time=Antarctica/Palmer;Chile Time=Antarctica/Palmer;China Daylight Time=Asia/Shanghai;
China Standard Time=Asia/Shanghai;China Time=Asia/Shanghai;Christmas Island Summer Time=Asia/Bangkok;
Christmas Island Time=Asia/Bangkok;Chuuk Summer Time=Pacific/Port_Moresby;Chuuk Time=Pacific/Port_Moresby;
Cocos Islands Summer Time=Asia/Yangon;Cocos Islands Time=Asia/Yangon;Colombia Standard Time=America/Bogota;
Colombia Summer Time=America/Bogota;Colombia Time=America/Bogota;Cook Islands Half Summer Time=Pacific/Rarotonga;
Cook Islands Standard Time=Pacific/Rarotonga;Cook Islands Time=Pacific/Rarotonga;Coordinated Universal Time=Etc/UTC;
Cuba Daylight Time=America/Havana;Cuba Standard Time=America/Havana;Cuba Time=America/Havana;
Davis Summer Time=Antarctica/Davis;Davis Time=Antarctica/Davis;Dumont-d'Urville Summer Time=Pacific/Port_Moresby;
Dumont-d'Urville Time=Pacific/Port_Moresby;Dumont-d’Urville Time=Pacific/Port_Moresby;East Africa Time=Africa/Nairobi;
East Greenland Standard Time=America/Scoresbysund;East Greenland Summer Time=America/Scoresbysund;
East Greenland Time=America/Scoresbysund;East Indonesia Summer Time=Asia/Jayapura;East Indonesia Time=Asia/Jayapura;
East Kazakhstan Time=Asia/Almaty;East Timor Time=Asia/Dili;Easter Island Standard Time=Pacific/Easter;
Easter Island Summer Time=Pacific/Easter;Easter Island Time=Pacific/Easter;Eastern Africa Time=Africa/Nairobi;
Eastern African Summer Time=Africa/Nairobi;Eastern Australia Time=Australia/Sydney;
Eastern Daylight Time=America/New_York;Eastern European Standard Time=Europe/Bucharest;
Eastern European Summer Time=Europe/Bucharest;Eastern European Time=Europe/Bucharest;
Eastern Indonesia Time=Asia/Jayapura;Eastern Standard Time=America/New_York;Eastern Time=America/New_York;
Ecuador Summer Time=America/Guayaquil;Ecuador Time=America/Guayaquil;Falkland Islands Standard Time=Atlantic/Stanley;
Falkland Islands Summer Time=Atlantic/Stanley;Falkland Islands Time=Atlantic/Stanley;
Fernando de Noronha Standard Time=America/Noronha;Fernando de Noronha Summer Time=America/Noronha;
Fernando de Noronha Time=America/Noronha;Fiji Standard Time=Pacific/Fiji;Fiji Summer Time=Pacific/Fiji;
Fiji Time=Pacific/Fiji;French Guiana Summer Time=America/Cayenne;French Guiana Time=America/Cayenne;
French Southern & Antarctic Lands Summer Time=Indian/Maldives;French Southern & Antarctic Lands Time=Indian/Maldives;
French Southern & Antarctic Time=Indian/Maldives;GMT+01:00=GMT+01:00;GMT+02:00=GMT+02:00;GMT+03:00=GMT+03:00;
GMT+04:00=GMT+04:00;GMT+05:00=GMT+05:00;GMT+06:00=GMT+06:00;GMT+07:00=GMT+07:00;GMT+08:00=GMT+08:00;
GMT+09:00=GMT+09:00;GMT+10:00=GMT+10:00;GMT+11:00=GMT+11:00;GMT+12:00=GMT+12:00;GMT+13:00=GMT+13:00;
GMT+14:00=GMT+14:00;GMT-01:00=GMT-01:00;GMT-02:00=GMT-02:00;GMT-03:00=GMT-03:00;GMT-04:00=GMT-04:00;
GMT-05:00=GMT-05:00;GMT-06:00=GMT-06:00;GMT-07:00=GMT-07:00;GMT-08:00=GMT-08:00;GMT-09:00=GMT-09:00;
GMT-10:00=GMT-10:00;GMT-11:00=GMT-11:00;GMT-12:00=GMT-12:00;Galapagos Summer Time=Pacific/Galapagos;
Galapagos Time=Pacific/Galapagos;Gambier Summer Time=Pacific/Gambier;Gambier Time=Pacific/Gambier;
Georgia Standard Time=Asia/Tbilisi;Georgia Summer Time=Asia/Tbilisi;Georgia Time=Asia/Tbilisi;
Ghana Mean Time=Africa/Abidjan;Ghana Summer Time=Africa/Abidjan;Gilbert Is. Summer Time=Pacific/Tarawa;
Gilbert Is. Time=Pacific/Tarawa;Gilbert Islands Time=Pacific/Tarawa;Greenwich Mean Time=Africa/Abidjan;
Gulf Daylight Time=Asia/Dubai;Gulf Standard Time=Asia/Dubai;Gulf Time=Asia/Dubai;Guyana Summer Time=America/Guyana;
Guyana Time=America/Guyana;Hawaii-Aleutian Daylight Time=Pacific/Honolulu;
Hawaii-Aleutian Standard Time=Pacific/Honolulu;Hawaii-Aleutian Time=Pacific/Honolulu;
Hong Kong Standard Time=Asia/Hong_Kong;Hong Kong Summer Time=Asia/Hong_Kong;Hong Kong Time=Asia/Hong_Kong;
Hovd Standard Time=Asia/Hovd;Hovd Summer Time=Asia/Hovd;Hovd Time=Asia/Hovd;India Daylight Time=Asia/Kolkata;
India Standard Time=Asia/Kolkata;India Time=Asia/Kolkata;Indian Ocean Territory Summer Time=Indian/Chagos;
Indian Ocean Territory Time=Indian/Chagos;Indian Ocean Time=Indian/Chagos;Indochina Summer Time=Asia/Bangkok;
Indochina Time=Asia/Bangkok;Iran Daylight Time=Asia/Tehran;Iran Standard Time=Asia/Tehran;Iran Time=Asia/Tehran;
Irish Standard Time=Africa/Abidjan;Irish Time=Africa/Abidjan;Irkutsk Standard Time=Asia/Irkutsk;
Irkutsk Summer Time=Asia/Irkutsk;Irkutsk Time=Asia/Irkutsk;Israel Daylight Time=Asia/Jerusalem;
Israel Standard Time=Asia/Jerusalem;Israel Time=Asia/Jerusalem;Japan Daylight Time=Asia/Tokyo;
Japan Standard Time=Asia/Tokyo;Japan Time=Asia/Tokyo;Kanton Daylight Time=Pacific/Kanton;
Kanton Standard Time=Pacific/Kanton;Kanton Time=Pacific/Kanton;Kirgizstan Summer Time=Asia/Bishkek;
Kirgizstan Time=Asia/Bishkek;Korean Daylight Time=Asia/Seoul;Korean Standard Time=Asia/Seoul;Korean Time=Asia/Seoul;
Kosrae Summer Time=Pacific/Kosrae;Kosrae Time=Pacific/Kosrae;Kostanay Summer Time=Asia/Almaty;
Kostanay Time=Asia/Almaty;Krasnoyarsk Standard Time=Asia/Krasnoyarsk;Krasnoyarsk Summer Time=Asia/Krasnoyarsk;
Krasnoyarsk Time=Asia/Krasnoyarsk;Kyrgyzstan Time=Asia/Bishkek;Line Is. Summer Time=Pacific/Kiritimati;
Line Is. Time=Pacific/Kiritimati;Line Islands Time=Pacific/Kiritimati;Lord Howe Daylight Time=Australia/Lord_Howe;
Lord Howe Standard Time=Australia/Lord_Howe;Lord Howe Time=Australia/Lord_Howe;Magadan Standard Time=Asia/Magadan;
Magadan Summer Time=Asia/Magadan;Magadan Time=Asia/Magadan;Malaysia Summer Time=Asia/Kuching;
Malaysia Time=Asia/Kuching;Maldives Summer Time=Indian/Maldives;Maldives Time=Indian/Maldives;
Marquesas Summer Time=Pacific/Marquesas;Marquesas Time=Pacific/Marquesas;Marshall Islands Summer Time=Pacific/Tarawa;
Marshall Islands Time=Pacific/Tarawa;Mauritius Standard Time=Indian/Mauritius;Mauritius Summer Time=Indian/Mauritius;
Mauritius Time=Indian/Mauritius;Mawson Summer Time=Antarctica/Mawson;Mawson Time=Antarctica/Mawson;
Mexican Pacific Daylight Time=America/Mazatlan;Mexican Pacific Standard Time=America/Mazatlan;
Mexican Pacific Time=America/Mazatlan;Middle Europe Summer Time=Europe/Paris;Middle Europe Time=Europe/Paris;
Moscow Daylight Time=Europe/Kirov;Moscow Standard Time=Europe/Moscow;Moscow Summer Time=Europe/Moscow;
Moscow Time=Europe/Moscow;Mountain Daylight Time=America/Denver;Mountain Standard Time=America/Denver;
Mountain Time=America/Denver;Myanmar Summer Time=Asia/Yangon;Myanmar Time=Asia/Yangon;Nauru Summer Time=Pacific/Nauru;
Nauru Time=Pacific/Nauru;Nepal Summer Time=Asia/Kathmandu;Nepal Time=Asia/Kathmandu;
New Caledonia Standard Time=Pacific/Noumea;New Caledonia Summer Time=Pacific/Noumea;New Caledonia Time=Pacific/Noumea;
New Zealand Daylight Time=Pacific/Auckland;New Zealand Standard Time=Pacific/Auckland;
New Zealand Time=Pacific/Auckland;Newfoundland Daylight Time=America/St_Johns;
Newfoundland Standard Time=America/St_Johns;Newfoundland Time=America/St_Johns;Niue Summer Time=Pacific/Niue;
Niue Time=Pacific/Niue;Norfolk Island Daylight Time=Pacific/Norfolk;Norfolk Island Standard Time=Pacific/Norfolk;
Norfolk Island Time=Pacific/Norfolk;Northwest Mexico Daylight Time=America/Tijuana;
Northwest Mexico Standard Time=America/Tijuana;Northwest Mexico Time=America/Tijuana;
Novosibirsk Standard Time=Asia/Novosibirsk;Novosibirsk Summer Time=Asia/Novosibirsk;Novosibirsk Time=Asia/Novosibirsk;
Omsk Standard Time=Asia/Omsk;Omsk Summer Time=Asia/Omsk;Omsk Time=Asia/Omsk;Oral Summer Time=Asia/Aqtobe;
Oral Time=Asia/Aqtobe;Pacific Daylight Time=America/Los_Angeles;Pacific Standard Time=America/Los_Angeles;
Pacific Time=America/Los_Angeles;Pakistan Standard Time=Asia/Karachi;Pakistan Summer Time=Asia/Karachi;
Pakistan Time=Asia/Karachi;Palau Summer Time=Pacific/Palau;Palau Time=Pacific/Palau;
Papua New Guinea Summer Time=Pacific/Port_Moresby;Papua New Guinea Time=Pacific/Port_Moresby;
Paraguay Standard Time=America/Asuncion;Paraguay Summer Time=America/Asuncion;Paraguay Time=America/Asuncion;
Peru Standard Time=America/Lima;Peru Summer Time=America/Lima;Peru Time=America/Lima;
Petropavlovsk-Kamchatski Standard Time=Asia/Kamchatka;Petropavlovsk-Kamchatski Summer Time=Asia/Kamchatka;
Petropavlovsk-Kamchatski Time=Asia/Kamchatka;Philippine Standard Time=Asia/Manila;Philippine Summer Time=Asia/Manila;
Philippine Time=Asia/Manila;Phoenix Is. Summer Time=Pacific/Kanton;Phoenix Is. Time=Pacific/Kanton;
Phoenix Islands Time=Pacific/Kanton;Pitcairn Daylight Time=Pacific/Pitcairn;Pitcairn Time=Pacific/Pitcairn;
Pohnpei Summer Time=Pacific/Guadalcanal;Ponape Time=Pacific/Guadalcanal;
Punta Arenas Standard Time=America/Punta_Arenas;Punta Arenas Time=America/Punta_Arenas;
Qyzylorda Summer Time=Asia/Aqtobe;Qyzylorda Time=Asia/Aqtobe;Reunion Summer Time=Asia/Dubai;Reunion Time=Asia/Dubai;
Rothera Summer Time=Antarctica/Rothera;Rothera Time=Antarctica/Rothera;Réunion Time=Asia/Dubai;
Sakhalin Standard Time=Asia/Sakhalin;Sakhalin Summer Time=Asia/Sakhalin;Sakhalin Time=Asia/Sakhalin;
Samara Standard Time=Europe/Samara;Samara Summer Time=Europe/Samara;Samara Time=Europe/Samara;
Samoa Daylight Time=Pacific/Pago_Pago;Samoa Standard Time=Pacific/Pago_Pago;Samoa Time=Pacific/Pago_Pago;
Saratov Standard Time=Europe/Saratov;Saratov Time=Europe/Saratov;Seychelles Summer Time=Asia/Dubai;
Seychelles Time=Asia/Dubai;Singapore Standard Time=Asia/Singapore;Singapore Summer Time=Asia/Singapore;
Singapore Time=Asia/Singapore;Solomon Is. Summer Time=Pacific/Guadalcanal;Solomon Is. Time=Pacific/Guadalcanal;
Solomon Islands Time=Pacific/Guadalcanal;South Africa Standard Time=Africa/Johannesburg;
South Africa Summer Time=Africa/Johannesburg;South Africa Time=Africa/Johannesburg;
South Georgia Daylight Time=Atlantic/South_Georgia;South Georgia Time=Atlantic/South_Georgia;
Srednekolymsk Daylight Time=Asia/Srednekolymsk;Srednekolymsk Time=Asia/Srednekolymsk;
St. Pierre & Miquelon Daylight Time=America/Miquelon;St. Pierre & Miquelon Standard Time=America/Miquelon;
St. Pierre & Miquelon Time=America/Miquelon;Suriname Summer Time=America/Paramaribo;Suriname Time=America/Paramaribo;
Syowa Summer Time=Asia/Riyadh;Syowa Time=Asia/Riyadh;Tahiti Summer Time=Pacific/Tahiti;Tahiti Time=Pacific/Tahiti;
Taipei Daylight Time=Asia/Taipei;Taipei Standard Time=Asia/Taipei;Taipei Time=Asia/Taipei;
Tajikistan Summer Time=Asia/Dushanbe;Tajikistan Time=Asia/Dushanbe;Timor-Leste Summer Time=Asia/Dili;
Timor-Leste Time=Asia/Dili;Tokelau Summer Time=Pacific/Fakaofo;Tokelau Time=Pacific/Fakaofo;
Tomsk Daylight Time=Asia/Tomsk;Tomsk Standard Time=Asia/Tomsk;Tomsk Time=Asia/Tomsk;
Tonga Standard Time=Pacific/Tongatapu;Tonga Summer Time=Pacific/Tongatapu;Tonga Time=Pacific/Tongatapu;
Troll Time=Africa/Abidjan;Turkey Summer Time=Europe/Istanbul;Turkey Time=Europe/Istanbul;
Turkmenistan Standard Time=Asia/Ashgabat;Turkmenistan Summer Time=Asia/Ashgabat;Turkmenistan Time=Asia/Ashgabat;
Tuvalu Summer Time=Pacific/Tarawa;Tuvalu Time=Pacific/Tarawa;Ulaanbaatar Standard Time=Asia/Ulaanbaatar;
Ulaanbaatar Summer Time=Asia/Ulaanbaatar;Ulaanbaatar Time=Asia/Ulaanbaatar;Ulyanovsk Standard Time=Europe/Ulyanovsk;
Ulyanovsk Time=Europe/Ulyanovsk;Uruguay Standard Time=America/Montevideo;Uruguay Summer Time=America/Montevideo;
Uruguay Time=America/Montevideo;Uzbekistan Standard Time=Asia/Tashkent;Uzbekistan Summer Time=Asia/Tashkent;
Uzbekistan Time=Asia/Tashkent;Vanuatu Standard Time=Pacific/Efate;Vanuatu Summer Time=Pacific/Efate;
Vanuatu Time=Pacific/Efate;Venezuela Summer Time=America/Caracas;Venezuela Time=America/Caracas;
Vladivostok Standard Time=Asia/Vladivostok;Vladivostok Summer Time=Asia/Vladivostok;Vladivostok Time=Asia/Vladivostok;
Volgograd Standard Time=Europe/Volgograd;Volgograd Summer Time=Europe/Volgograd;Volgograd Time=Europe/Volgograd;
Vostok Summer Time=Antarctica/Vostok;Vostok Time=Antarctica/Vostok;Wake Island Time=Pacific/Tarawa;
Wake Summer Time=Pacific/Tarawa;Wake Time=Pacific/Tarawa;Wallis & Futuna Summer Time=Pacific/Tarawa;
Wallis & Futuna Time=Pacific/Tarawa;West Africa Standard Time=Africa/Lagos;West Africa Summer Time=Africa/Lagos;
West Africa Time=Africa/Lagos;West Greenland Standard Time=America/Nuuk;West Greenland Summer Time=America/Nuuk;
West Greenland Time=America/Nuuk;West Indonesia Summer Time=Asia/Jakarta;West Indonesia Time=Asia/Jakarta;
West Kazakhstan Time=Asia/Aqtobe;Western African Time=Africa/Maputo;Western Australia Time=Australia/Perth;
Western European Standard Time=Atlantic/Canary;Western European Summer Time=Atlantic/Canary;
Western European Time=Atlantic/Canary;Western Indonesia Time=Asia/Jakarta;Xinjiang Daylight Time=Asia/Urumqi;
Xinjiang Standard Time=Asia/Urumqi;Xinjiang Time=Asia/Urumqi;Yakutsk Standard Time=Asia/Yakutsk;
Yakutsk Summer Time=Asia/Yakutsk;Yakutsk Time=Asia/Yakutsk;Yekaterinburg Standard Time=Asia/Yekaterinburg;
Yekaterinburg Summer Time=Asia/Yekaterinburg;Yekaterinburg Time=Asia/Yekaterinburg;
)";

}  // namespace sluice
