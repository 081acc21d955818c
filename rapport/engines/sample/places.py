"""Data of the sample: countries with their cities, streets, phone shapes and names of people."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Country:
    """What the sample needs to know of a country. In phone and postcode shapes a # stands for a digit, @ for a letter."""

    code: str
    language: str
    weight: int
    #: (city, postcode shape, region)
    cities: tuple[tuple[str, str, str], ...]
    streets: tuple[str, ...]
    #: How street and number stand together.
    line: str
    landline: tuple[str, ...]
    mobile: tuple[str, ...]
    first: tuple[str, ...]
    last: tuple[str, ...]


def _cities(text: str) -> tuple[tuple[str, str, str], ...]:
    """City, postcode shape and region from lines "Cork|T## @###|Munster"."""
    parts = [line.strip().split("|") for line in text.strip().splitlines()]
    return tuple((city, postcode, region) for city, postcode, region in parts)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


IRELAND = Country(
    "IE", "en", 26,
    _cities("""Dublin|D0# @###|Leinster
    Cork|T## @###|Munster
    Galway|H91 @###|Connacht
    Limerick|V94 @###|Munster
    Waterford|X91 @###|Munster
    Sligo|F91 @###|Connacht
    Kilkenny|R95 @###|Leinster
    Weston|W23 @###|Leinster
    Shannon|V14 @###|Munster
    Kerry|V93 @###|Munster
    Athlone|N37 @###|Leinster
    Drogheda|A92 @###|Leinster"""),
    _words("Airport Road, Main Street, Harbour Road, Mill Lane, Chapel Street, Bridge Street, Abbey Road, The Quay, "
           "Station Road, Church Lane, Ballyowen Road, Skylark Way"),
    "{number} {street}", ("+35315######", "+3532145####", "+3539177####", "+3536141####"), ("+35387#######", "+35386#######"),
    _words("Aoife, Ciara, Niamh, Saoirse, Sinead, Orla, Grace, Emma, Maeve, Roisin, Conor, Cian, Darragh, Eoin, Finn, "
           "Liam, Oisin, Patrick, Sean, Brian, Declan, Fergal, Hugh, Tara, Una"),
    _words("Murphy, Kelly, Byrne, O'Brien, Walsh, Ryan, O'Connor, Doyle, McCarthy, Gallagher, Doherty, Kennedy, Lynch, "
           "Quinn, Moore, Brennan, Burke, Nolan, Fitzgerald, Keane, Hogan, Farrell, Moloney, Sheridan, Tierney"),
)  # fmt: skip

BRITAIN = Country(
    "GB", "en", 20,
    _cities("""London|SE## #AB|Greater London
    Manchester|M## #EF|Greater Manchester
    Bristol|BS## #QD|Somerset
    Edinburgh|EH## #NG|Scotland
    Cardiff|CF## #AB|Wales
    Oxford|OX# #DH|Oxfordshire
    Norwich|NR# #PQ|Norfolk
    Exeter|EX# #LN|Devon
    Shoreham|BN## #FF|West Sussex
    Inverness|IV# #XB|Scotland
    Carlisle|CA# #NW|Cumbria
    Leeds|LS## #JT|Yorkshire"""),
    _words("High Street, Airfield Road, Victoria Road, Mill Road, Church Street, Queen Street, Park Lane, Kings Road, "
           "Hangar Lane, The Green, Manor Road, Aerodrome Way"),
    "{number} {street}", ("+44207946####", "+44161496####", "+44117496####", "+44131496####"), ("+447400######", "+447840######"),
    _words("Amelia, Charlotte, Emily, Harriet, Isla, Olivia, Poppy, Sophie, Alfie, Arthur, Edward, George, Harry, Jack, "
           "James, Oliver, Thomas, William, Rosalind, Margaret, Fiona, Graham, Nigel, Priya, Imran"),
    _words("Smith, Jones, Taylor, Brown, Wilson, Evans, Thomas, Roberts, Walker, Wright, Thompson, Hughes, Edwards, Green, "
           "Hall, Wood, Harris, Clarke, Patel, Khan, Ashworth, Pemberton, Whitfield, Langley, Marsden"),
)  # fmt: skip

GERMANY = Country(
    "DE", "de", 16,
    _cities("""Berlin|10###|Berlin
    Hamburg|20###|Hamburg
    München|80###|Bayern
    Köln|50###|Nordrhein-Westfalen
    Stuttgart|70###|Baden-Württemberg
    Leipzig|04###|Sachsen
    Bremen|28###|Bremen
    Mainz|55###|Rheinland-Pfalz
    Augsburg|86###|Bayern
    Kassel|34###|Hessen
    Rostock|18###|Mecklenburg-Vorpommern
    Freiburg|79###|Baden-Württemberg"""),
    _words("Hauptstraße, Flughafenstraße, Bahnhofstraße, Gartenweg, Lindenallee, Am Flugplatz, Schulstraße, Bergstraße, "
           "Ringstraße, Mühlweg, Lilienthalstraße, Kirchgasse"),
    "{street} {number}", ("+493023125###", "+494066969###", "+498999998###", "+4922147109##"), ("+49171392####", "+49160#######"),
    _words("Anna, Clara, Greta, Hannah, Johanna, Katrin, Lena, Marie, Sabine, Ursula, Felix, Jonas, Jürgen, Lukas, Matthias, "
           "Moritz, Paul, Stefan, Tobias, Wolfgang, Yusuf, Elif, Heike, Dieter, Björn"),
    _words("Müller, Schmidt, Schneider, Fischer, Weber, Meyer, Wagner, Becker, Schulz, Hoffmann, Koch, Bauer, Richter, Klein, "
           "Wolf, Schröder, Neumann, Schwarz, Zimmermann, Krüger, Yılmaz, Vogel, Falk, Sperling, Habicht"),
)  # fmt: skip

FRANCE = Country(
    "FR", "fr", 12,
    _cities("""Paris|750##|Île-de-France
    Lyon|6900#|Auvergne-Rhône-Alpes
    Toulouse|310##|Occitanie
    Nantes|440##|Pays de la Loire
    Bordeaux|330##|Nouvelle-Aquitaine
    Rennes|350##|Bretagne
    Grenoble|380##|Auvergne-Rhône-Alpes
    Dijon|210##|Bourgogne-Franche-Comté
    Annecy|740##|Auvergne-Rhône-Alpes
    Angers|490##|Pays de la Loire"""),
    _words("rue de l’Aérodrome, avenue Blériot, rue Victor Hugo, rue de la Gare, chemin des Ailes, place de l’Église, "
           "rue du Moulin, boulevard Saint-Exupéry, rue des Écoles, allée des Tilleuls"),
    "{number} {street}", ("+331990000##", "+33261910###", "+33536490###", "+33465710###"), ("+336120#####", "+337560#####"),
    _words("Camille, Chloé, Claire, Élise, Hélène, Juliette, Léa, Manon, Mathilde, Zoé, Antoine, Bastien, Émile, François, "
           "Gabriel, Hugo, Jérôme, Julien, Louis, Théo, Rémi, Aline, Noémie, Cédric, Olivier"),
    _words("Martin, Bernard, Dubois, Thomas, Robert, Richard, Petit, Durand, Leroy, Moreau, Laurent, Lefèvre, Garnier, "
           "Chevalier, François, Mercier, Blanchard, Guérin, Boyer, Faucon, Lacroix, Perrin, Morel, Aubert, Hérisson"),
)  # fmt: skip

NETHERLANDS = Country(
    "NL", "nl", 8,
    _cities("""Amsterdam|10## AB|Noord-Holland
    Rotterdam|30## KL|Zuid-Holland
    Utrecht|35## GH|Utrecht
    Eindhoven|56## CD|Noord-Brabant
    Groningen|97## JK|Groningen
    Lelystad|82## AE|Flevoland
    Hilversum|12## RT|Noord-Holland
    Breda|48## XZ|Noord-Brabant"""),
    _words("Luchthavenweg, Kerkstraat, Dorpsstraat, Molenweg, Stationsweg, Schoolstraat, Fokkerweg, Havenstraat"),
    "{street} {number}", ("+3120794####", "+3110794####", "+3140794####"), ("+31612######", "+31655######"),
    _words("Anouk, Emma, Fleur, Julia, Lotte, Sanne, Sophie, Tess, Bram, Daan, Jasper, Jeroen, Lars, Maarten, Pieter, "
           "Ruben, Sander, Thijs, Willem, Fenna"),
    _words("de Jong, Jansen, de Vries, van den Berg, Bakker, Visser, Smit, Meijer, de Boer, Mulder, Bos, Vos, Peters, "
           "Hendriks, van Leeuwen, Dekker, Brouwer, de Wit, Dijkstra, Kuiper"),
)  # fmt: skip

SPAIN = Country(
    "ES", "es", 6,
    _cities("""Madrid|280##|Madrid
    Barcelona|080##|Cataluña
    Sevilla|410##|Andalucía
    Valencia|460##|Comunidad Valenciana
    Málaga|290##|Andalucía
    Zaragoza|500##|Aragón
    A Coruña|150##|Galicia
    Burgos|090##|Castilla y León"""),
    _words("Calle Mayor, Avenida del Aeropuerto, Calle Real, Calle del Sol, Paseo de la Estación, Calle Nueva, Calle Molino"),
    "{street}, {number}", ("+3491123####", "+3493123####", "+3495412####"), ("+34612######", "+34655######"),
    _words("Alba, Carmen, Elena, Inés, Lucía, María, Marta, Nuria, Sofía, Alejandro, Álvaro, Carlos, Diego, Javier, Jorge, "
           "Manuel, Pablo, Rafael, Sergio, Iñaki"),
    _words("García, Fernández, González, Rodríguez, López, Martínez, Sánchez, Pérez, Gómez, Ruiz, Díaz, Moreno, Álvarez, "
           "Romero, Navarro, Torres, Domínguez, Vázquez, Ramos, Núñez"),
)  # fmt: skip

SWEDEN = Country(
    "SE", "sv", 5,
    _cities("""Stockholm|11# ##|Stockholm
    Göteborg|41# ##|Västra Götaland
    Malmö|21# ##|Skåne
    Uppsala|75# ##|Uppsala
    Örebro|70# ##|Örebro
    Umeå|90# ##|Västerbotten"""),
    _words("Flygplatsvägen, Storgatan, Kungsgatan, Drottninggatan, Skolgatan, Parkvägen, Björkvägen"),
    "{street} {number}", ("+46846500###", "+46313900###", "+46406280###"), ("+46701740###", "+4670174####"),
    _words("Astrid, Ebba, Elsa, Ingrid, Karin, Linnea, Maja, Saga, Sara, Anders, Axel, Erik, Gustav, Hugo, Johan, Karl, "
           "Lars, Nils, Oskar, Sven"),
    _words("Andersson, Johansson, Karlsson, Nilsson, Eriksson, Larsson, Olsson, Persson, Svensson, Gustafsson, Lindberg, "
           "Lindström, Sjöberg, Bergström, Åkesson, Örn, Falk, Hök, Sandberg, Dahl"),
)  # fmt: skip

SWITZERLAND = Country(
    "CH", "de", 4,
    _cities("""Zürich|80##|Zürich
    Bern|30##|Bern
    Genève|12##|Genève
    Luzern|60##|Luzern
    Grenchen|25##|Solothurn
    Sion|19##|Valais"""),
    _words("Bahnhofstrasse, Flughafenstrasse, Seestrasse, Dorfstrasse, Rue du Lac, Hauptstrasse, Bergweg"),
    "{street} {number}", ("+41443######", "+41313######", "+41223######"), ("+41791######", "+41761######"),
    _words("Anja, Barbara, Corinne, Daniela, Laura, Nadine, Regula, Selina, Beat, Christoph, Daniel, Fabian, Marco, Peter, "
           "Reto, Thomas, Urs, Yves, Céline, Luca"),
    _words("Meier, Müller, Keller, Huber, Schmid, Brunner, Baumann, Frei, Gerber, Steiner, Zimmermann, Moser, Bühler, "
           "Roth, Favre, Rochat, Bianchi, Wyss, Graf, Suter"),
)  # fmt: skip

POLAND = Country(
    "PL", "pl", 3,
    _cities("""Warszawa|00-###|Mazowieckie
    Kraków|30-###|Małopolskie
    Gdańsk|80-###|Pomorskie
    Poznań|60-###|Wielkopolskie
    Łódź|90-###|Łódzkie
    Rzeszów|35-###|Podkarpackie"""),
    _words("ul. Lotnicza, ul. Szkolna, ul. Polna, ul. Leśna, ul. Słoneczna, ul. Krótka, ul. Ogrodowa"),
    "{street} {number}", ("+4822612####", "+4812612####", "+4858612####"), ("+48501######", "+48601######"),
    _words("Agnieszka, Anna, Ewa, Joanna, Julia, Katarzyna, Małgorzata, Zofia, Adam, Andrzej, Jakub, Jan, Krzysztof, Łukasz, "
           "Marek, Michał, Paweł, Piotr, Tomasz, Wojciech"),
    _words("Nowak, Wójcik, Kowalczyk, Woźniak, Mazur, Krawczyk, Kaczmarek, Zając, Król, Wieczorek, Jabłoński, Wróbel, "
           "Sokół, Dudek, Pawlak, Sikora, Górski, Rutkowski, Baran, Żak"),
)  # fmt: skip

COUNTRIES = (IRELAND, BRITAIN, GERMANY, FRANCE, NETHERLANDS, SPAIN, SWEDEN, SWITZERLAND, POLAND)
