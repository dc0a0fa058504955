//! The smallest networks that are known, as tables, with their sources.

/// The smallest known sorting networks for 1 to 16 values: the wires of each comparator in turn, in hexadecimal.
///
/// From Bert Dobbelaere's list, <https://bertdobbelaere.github.io/sorting_networks.html>.
pub const SORTERS: [&[u8]; 16] = [
    b"",
    b"01",
    b"020112",
    b"0213012312",
    b"031402130124123423",
    b"051324123403250123451234",
    b"06234502143601253412462345123456",
    b"02134657041526370123456724351436123456",
    b"03172548072438560213457814365701243568234567123456",
    b"0819273546021458790324576901368915234867123546782345673456",
    b"091624375801354a69781325478a0412375968012645789a2436578912345678234567",
    b"0817263b4a590125346978ab02165a9b031246578b9a1435687a1325698a234567894657345678",
    b"0c1a29375b6816234b798a041236789abc46598bac0538476b9a01256978ab1324569a12345768234567893456",
    b"0123456789abcd02134859acbd041237586a9dbc0615394a7d8c2a3b467913285b67ac1426357b8a9c2436587a9b3456789a67",
    b"123a4e586d7c9b0e15283769acbd0716294a5b8dce0624357b8a9cde0312475968abcd01234679acbd12358abc3456789a23456789ab5678",
    b"0d1c2f3e48567b9a051729346d8eafbc0123456879abcdef02134a5b6789cedf123c46578a9bde1426587a9dbe24369cbd356879ac345678\
      9abc6789",
];

/// The wires of a comparator in a table: two hexadecimal digits.
pub fn sorter(n: usize) -> impl Iterator<Item = (usize, usize)> {
    let digit = |byte: u8| usize::from(if byte < b'a' { byte - b'0' } else { byte - b'a' + 10 });
    SORTERS[n - 1].chunks(2).map(move |pair| (digit(pair[0]), digit(pair[1])))
}

/// A network for consecutive ranks of `rows` sorted groups of `length` values each.
pub struct KnownNetwork {
    pub rows: usize,
    pub length: usize,
    /// The first rank, and the wires that have it and those after it at the end.
    pub rank: usize,
    pub outputs: &'static [usize],
    /// The two wires of each comparator in turn, each as the character with its number after `(`.
    pub comparators: &'static [u8],
}

/// The smallest known networks for the median of some numbers of values that are in no order.
///
/// From the collection that belongs to Bert Dobbelaere's SorterHunter, <https://github.com/bertdobbelaere/SorterHunter>, and
/// <https://bertdobbelaere.github.io/median_networks.html>.
pub const MEDIANS: &[KnownNetwork] = &[
    KnownNetwork { rows: 5, length: 1, rank: 2, outputs: &[2], comparators: b"()*+(*)+*,)**," },
    KnownNetwork { rows: 7, length: 1, rank: 3, outputs: &[3], comparators: b"(.)*+,(*),+-()*-,.)+*,+,*+" },
    KnownNetwork { rows: 9, length: 1, rank: 4, outputs: &[4], comparators: b"(/)*+-,0(*)-+0,/(+),*0-/+,-.*-,.*+,-+," },
    KnownNetwork {
        rows: 11,
        length: 1,
        rank: 5,
        outputs: &[5],
        comparators: b"()*+,-./01(*)+,.-/)*-.(-),*/+.*-+,*0,102+0-2,-,0-0",
    },
    KnownNetwork {
        rows: 13,
        length: 1,
        rank: 6,
        outputs: &[6],
        comparators: b"()*+,-./0123(0)1*,+-.2/3(.)/+,0213*.+2,0-1)+,./0+4-.+-.4-/.2-../",
    },
    KnownNetwork {
        rows: 15,
        length: 1,
        rank: 7,
        outputs: &[7],
        comparators: b"(.)2*6+1,4-5/3(/*-+,.3021456,1-5./,/-1.5(-*,+./61345),-0.4).,/01,0-./412.0/1,./0./",
    },
    KnownNetwork {
        rows: 17,
        length: 1,
        rank: 8,
        outputs: &[8],
        comparators: b"()*+,-./01234567(*)+,.-/02134657)*-5.612)1*2-.56),*5-0.1/236*.,/0315(0+3,4/718+0.1/4+/08/104./\
          01/0",
    },
    KnownNetwork {
        rows: 19,
        length: 1,
        rank: 9,
        outputs: &[9],
        comparators: b")*+,-./012345678(*+-,./102354679(,)-*6+74859(5)4*.,9-837(),4-589,5-104,/-3.425)3.8/012*0.2/317\
          *1+3.607.103.013011:01",
    },
    KnownNetwork {
        rows: 21,
        length: 1,
        rank: 10,
        outputs: &[10],
        comparators: b"()*+,-./0123456789:;(*)+,.-/021346578:9;)-*.+7,8596:)6*5+/-:.948(8)*+;-5.69:(,-6.2157;-0.4/536\
          *4/90123+1/30428+2,4/718/214/124122<12",
    },
    KnownNetwork {
        rows: 23,
        length: 1,
        rank: 11,
        outputs: &[11],
        comparators: b")*+,-./0123456789:;<(*+-,./1023546798:;=(,)-*./30415267;8<9=(0)1*2+3,4-5.6/7*:,<-=08193;(3)0*,\
          +12<4=5:9;0124.41325,21739*3072;59,7-3.528.72>38.27>-2372337",
    },
    KnownNetwork {
        rows: 25,
        length: 1,
        rank: 12,
        outputs: &[12],
        comparators: b"()*+,-./0123456789:;<=>?(*)+,.-/021346578:9;<>=?(,)-*.+/041526378<9=:>;?(0)1*2+3,4-5.6/7+;-=.>\
          /?08192:4<)4*1+-,23=5>6;:<1235/52436-3284:+4183<6:-8.4/639/83@49/38@.3483448",
    },
    KnownNetwork {
        rows: 29,
        length: 1,
        rank: 14,
        outputs: &[14],
        comparators: b"()*+,-./0123456789:;<=>?@ABC(*)+,.-/021346578:9;<>=?@BAC(,)-*.+/08192:3;<@=A>B?C(<)=*>+?,@-A.B\
          /C2479)2+5.7/;0<4=6@9B+8/9162<3@5:*1+,-8.</=243>79:A?@,1-3.4/65<7=8>:?,/-5146>7:<?15346:78/537486</7364<584\
          5674657566D56",
    },
    KnownNetwork {
        rows: 37,
        length: 1,
        rank: 18,
        outputs: &[18],
        comparators: b"()*+,-./0123456789:;<=>?@ABCDEFGHIJK(*)+,.-/021346578:9;<>=?@BACDFEGHJIK(,)-*.+/04152637<@=A>B\
          ?CDHEIFJGK(0)4*1+5,2-6.3/7<D=F>H?J@EAGBICK(F+A,0-K.42H6;8=?ECG)8+2,D-B.?/G1F364E;J=@AH*=0@2:3C6I9A/60>5C=D2\
          =5;6A8>/5184=6?;B>D+>-8/@3D4<5H7?;F-</>5D7F8:9;.9/<3>5@687D:E;=365<7>8:9;=@6978:=;<597;8<:>89:;8:9;9::L9:",
    },
    KnownNetwork {
        rows: 45,
        length: 1,
        rank: 22,
        outputs: &[22],
        comparators: b"()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRS(*)+,.-/021346578:9;<>=?@BACDFEGHJIKLNMOPRQS(,)-*.\
          +/041526378@9A:B;CDHEIFJGKLPMQNROS(0)1*2+3,4-5.6/78<9=:@;A>B?CDLEMFNGOHPIQJRKS(D)E*F+G,H-I.J/K0L1M2N3O4P5Q6\
          R7S:>;?<@=A)0*D,:.H/?1>3M5B6;7Q9F<L=J@EAOKR-6.8/F0:2@3=5L;I>HAKCMEN-5/4182<7A:D?ICJFNGL+5-9/<4E6G7=8@;C>D?L\
          BNFP+>1<3D465;7H89=P?J@FBCEG345@679>;F=BDEGH457;<>=?@DFG576=9<>E?BDF5<6@7=;E>D?F7>;?<@=D;=>@;>=@=>>T=>",
    },
    KnownNetwork {
        rows: 49,
        length: 1,
        rank: 24,
        outputs: &[24],
        comparators: b"()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW(*)+,.-/021346578:9;<>=?@BACDFEGHJIKLNMOPRQSTV\
          UW(,)-*.+/041526378<9=:>;?@DAEBFCGHLIMJNKOPTQURVSW(0)1*2+3,4-5.6/78@9A:B;C<D=E>F?GHPIQJRKSLTMUNVOW(H)I*J+K,\
          L-M.N/O0P1Q2R3S4T5U6V7W<@=A>B?C+9-P.A/R2:4=6?>Q@IBKEMFT)4+0,2-<.956:B=ECRFQIJKVMSOT/B0L2@3O5I6J=P?M/;051@3A\
          :=>L?NBEDPJO*>3F586=7E9L:HAUBIGJ1H38467NGLIK.H/43>6<7QALCIKP4D6>;K<?@CAI7?8>9<@HAGCF497C8@;A<H>D?GFK7;9@=A>\
          B?FDH;?<B=C@D;=>@?ABD;B<@=D?C7@?H=?@B=@?B?@@X?@",
    },
    KnownNetwork {
        rows: 57,
        length: 1,
        rank: 28,
        outputs: &[28],
        comparators: b"()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_(*)+,.-/021346578:9;<>=?@BACDFEGHJIKL\
          NMOPRQSTVUWXZY[\\^]_(,)*+/-.041237568<9:;?=>@DABCGEFHLIJKOMNPTQRSWUVX\\YZ[_]^(0)-*.+3,4/715268H9=:>;K<L?OAE\
          BFIMJNPXQURVS[T\\W_Y]Z^(P)1*2+S,0-5.6/34\\7_9I:J<H=M>N?KQYRZTXU]V^W[)Q*R+:,T-1.2/W0X3[5]6^=I>JM\\UYVZ-U.V1Y\
          2Z3?4:5EBRHTMS*H-9.Q1A2;6Y:D?]CMFVLUNZ+1.<2T3U6I9C:B;G=A>Q@LDNEMFJKYV\\0@142:3R5T7J<F=PAKGWMUSV/A3B4L5C8@:>\
          ;SDRETFXGOIM/D134<9:;E>@BLCXGIKSMNTV)<,3;D>H?IAEBFCLK^T[/C3P7T:B;H?L@FAGDXEM/56H7K;B<P?Q@AELFGRX5@6<7E?DBPC\
          HGRKQ3C7G<B@PDTEK7?@BEGHP?DABCHEF?EACBHDF7B?CDHEPBDCEBCDECDD`CD",
    },
    KnownNetwork {
        rows: 63,
        length: 1,
        rank: 31,
        outputs: &[31],
        comparators: b"(*+-,./1023546798:;=<>?A@BCEDFGIHJKMLNOQPRSUTVWYXZ[]\\^_a`bce)*+,-./0123456789:;<=>?@ABCDEFGHI\
          JKLMNOPQRSTUVWXYZ[\\]^_`abcd()*2+3,-.601457?89:B;C<=>F@ADEGOHIJRKSLMNVPQTUW_XYZb[c\\]`ade(0)1*.,4-5/3267;8@\
          9A:><D=E?CBFGKHPIQJNLTMUOSRVW[X`YaZ^\\d]e_c(,)-*J+/.204153S6V7W8<9=:Z;?>B@DAECcHLIMKONRPTQUX\\Y][_^b`dae(H)\
          I*:+K,0-1.N/O2R3C4T5U6F8X9Y;[<@=A>^?_BbDdEeGWJZLPMQSc\\`]a(8)9+;,L-M.>/?0P1Q2B4D5E7G:J<\\=]@`AaCSFVHXIYK[N^\
          O_RbTdUe,<-=/I0@1A3H;K>N?OBRD^EZL\\M]P`Qa*?-W0K1:5>6`9I<L=M@PAQB]DTNcOXS\\.@2D4=6N9K?WAJBTCLI[M_PY.I1C2M4O5\
          P:L=X>Y?H@[ASD_ENJ\\2W5A6[8H:O=C>SEUJPLX):2K>M@OAHB[CIDJELSd6E=@>DAKBLHWIOMP6W:@<HBGEQFKMS@CEGFHJM5F6HEWGX6\
          >OW>IDO>FDHEIGOCEDFGIHJEFGHEGFHFGGfFG",
    },
];

/// Networks for sorted groups: for the median of a square window from its rows, and for what can be the median in two windows
/// from the rows that they have in common (`select_overlapping`).
///
/// They began as what `merge` would make without them. Then some million random changes were tried, as SorterHunter does, and
/// those accepted that kept the network right and made it no larger, or rarely a little larger.
pub const MERGED: &[KnownNetwork] = &[
    KnownNetwork {
        rows: 4,
        length: 5,
        rank: 7,
        outputs: &[18, 15, 19, 7, 8, 9],
        comparators: b"8):+(73(05.(9*;,4//+61*;-2)60(*79*:2-)84;(904)75.*;*/20,4:70)/7;):1*2601/2://0)7:;;/:71201",
    },
    KnownNetwork {
        rows: 5,
        length: 5,
        rank: 12,
        outputs: &[20],
        comparators: b"49>472496@2<;62.=8+80:8@7.</9,4*+5).?.5:6/.569-40?+0643??84;;*;1)=3=.?=0;4.06>90;=4?4>4(>9(<.=\
          (==<>=<=",
    },
    KnownNetwork {
        rows: 6,
        length: 7,
        rank: 17,
        outputs: &[31, 23, 38, 32, 36, 37, 25, 18],
        comparators: b">0KDJ.PBCQ=68?;4:AG9*M<5H,+2+NI-JC2N(/1FH39@L0/DP;G9)7F?>LA3*181G2(KO:F1:,E7-39+OHB-N@+2E)C<;I\
          I5QI,4;PHA)LA:K8EOD62N9=JC*O-@?M70.Q:-?1C.B,;LDGF?7LNC0J8GO>1PB2=8+BHALA:JM2,.7>6H/81LG8?06GA:+1:,G?8N0B87F\
          ;HL0H;GBL7GHB7+NM+)?1NAH1<PM<G>0)?G>N:LMAG>0GH):BNMN):1A1L)M:GN:B>HLAHMNHA:>?LMG?",
    },
    KnownNetwork {
        rows: 7,
        length: 7,
        rank: 24,
        outputs: &[44],
        comparators: b"2UIP5JI;+@,O=K2+T8W4V:3VO:B;4;G9GNM1E0AH8*.QA,?FD/@UUPA32GB-M8+@8?4-U4BW,VIB>7)SS0F1L7UWLSCX@N\
          LUC</(,36R07>)OHRK979+S0BUG@R/O,(K/GE)0)E=6D=DG(S>J<*1,30,:V1,(DFT.5BDW*)K*K4+@47@.C9BBA4CTWD-*UA7(8W*?T*5J\
          QTW1DAG01>1X*T.D@).NDXN717XWJ.3N1WNMOOF8TFTN.X4IGGNUW7)UXG?:N)T?T:HU)?)TX)T:4T:)T",
    },
    KnownNetwork {
        rows: 8,
        length: 9,
        rank: 31,
        outputs: &[14, 6, 32, 49, 41, 58, 23, 17, 5, 7],
        comparators: b"(:^LgU2DhVL:C1);1UL1:U;D1:^(gCg^C((:(1C^h)_MMV2_<*M;VD2hN`_)`*E3iWL^Mh;);V_hV)W3h;Ni<iNE*3Eii*\
          4XOj^(W`E<<WFaF4,baX=+`i*ij+O=W`>P=4jaX+j=Pb,>OFF=4aX4G5X=YkGY5k4a>YbkG,5PPYQc>5jFPb6HRm-??c,5lZP5>,6l-QHZ?\
          H7dYbZcQlHl?QR7lZHl.@[I.[-6I@6Q/A6?HQe8\\nmd.RmI@d8n[7mRR[SJAJ@I@7\\e[@mR/S/\\JnA8eS0oAe]BS8\\ATf9KJS9]0TeA\
          RkoKT]fBh\\fo3B093]9TYoAJ1-,6X:F;fTW>U=:6?/G(X.Pm9f`.;>V,6.`:,6,:).)m=/=)m*mPU?*/>-P?)*)?i4?*Um=PD5R0RiH\\D\
          HP)\\5m=40[e4\\Hii\\4H39DRRH\\0YQAla[bAf+iHY9;>e[Qe3YJKf@a34Rfb:bAJYQP>6fTAT-:6\\5.bR6>T.f3Y>=i.4:-*i:,D\\f\
          .\\RDH\\6HP3)TDi.HT@Y(/aQ=)/9?9((a-=T3QTY)-3:69/-/(3D)T9:9./Q)RQb):YiT?T3\\/3.bb96-.YH(H?6QHQ?-QbHYi66.-/?9",
    },
    KnownNetwork {
        rows: 9,
        length: 9,
        rank: 40,
        outputs: &[37],
        comparators: b"Lp(C:Ug11(pC:LC(^U:1Mqpg^LgULC^p1pU(V;gLD)VMCUq)2hhDpL;_2qLC)DM;;)hVq_Vq;qrND_2MEiMqE*i3VMD)W<\
          WrqDN*;M*3NiEW`<i<<3N``r4XWir*F+sOW`irr`riFj4s+Oj=*<4F+jXaXsja*`=OX+s=sjF+Oa5,O=GkFsb>PtG,j+js+OPbGP>Y>btk,\
          k5t>5YtP5G>b,l?bY-?5YbPuQb>P5-Hkt6Zk,HQkYcZHlu6Zl6c?Q6HHZ?c-uu?RdZ?7.lQm.mI-6uHZHIdv[c?lc@[6uR@d.v@I7Rmd@8n\
          vI7[Imd7AeJ/7mJne\\IdvRwSS/IRn/S8ewwASweJd7AnJw\\8A\\\\wSeBKeJ9]JA\\ATo0xof]0oxo9TB]TBKBoToxKxfB]x0iBUq9xT9\
          3BT]T*xo]`3]<*=93Tx=B`(MDMB*(CUC7SR7)MxHdeIRDqSJJ\\+u-jSexj<]+xd7als6ZOOaZ6ujk]Z*PTjOib6ubk<5YB3>xZ>Y><Tk)O\
          <TbPY5]Zqj6CDu_+Yku+>PaMU]]DCaxL6SD)jaLq+O7T)uCqCDL]kev,\\TYSa+v7)qRPAZkPAI5JA>juISk7<d5d>Y\\P<>Y5dIk>C7dP\
          \\5Y7TI\\DjP)5>LvjL)Mja)kuqdTu]YM7+YaM+qTDqTqM",
    },
];

impl KnownNetwork {
    /// The wires of each comparator in turn.
    pub fn comparators(&self) -> impl Iterator<Item = (usize, usize)> {
        self.comparators.chunks(2).map(|pair| (usize::from(pair[0] - b'('), usize::from(pair[1] - b'(')))
    }
}
