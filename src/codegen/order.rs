//! Sorting and selection networks: which minima and maxima give the order statistics of a few values.
//!
//! A network is a fixed sequence of steps on numbered wires, so it needs neither branches nor memory, and serves as many
//! windows at once as a register has lanes. Nothing here knows how a step becomes an instruction.

use std::collections::HashSet;

/// One step of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The first wire gets the lesser of the values on the two, the second the greater.
    Exchange(usize, usize),
    /// The first wire gets the lesser value; the second keeps what it has, which nothing reads any more.
    Min(usize, usize),
    /// The second wire gets the greater value; the first keeps what it has, which nothing reads any more.
    Max(usize, usize),
}

/// The steps that bring the wanted order statistics onto known wires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    pub steps: Vec<Step>,
    /// For each wanted rank, the wire that holds it at the end.
    pub outputs: Vec<usize>,
}

impl Step {
    /// The same step, on the wires that have these places in a list.
    fn on(self, wires: &[usize]) -> Self {
        match self {
            Self::Exchange(a, b) => Self::Exchange(wires[a], wires[b]),
            Self::Min(a, b) => Self::Min(wires[a], wires[b]),
            Self::Max(a, b) => Self::Max(wires[a], wires[b]),
        }
    }
}

impl Network {
    /// The number of minima and maxima.
    pub fn cost(&self) -> usize {
        self.steps.iter().map(|step| if matches!(step, Step::Exchange(..)) { 2 } else { 1 }).sum()
    }

    /// A network without what no output needs.
    fn pruned(steps: Vec<Step>, outputs: Vec<usize>) -> Self {
        let mut needed: HashSet<usize> = outputs.iter().copied().collect();
        let mut kept = Vec::with_capacity(steps.len());
        for &step in steps.iter().rev() {
            let (Step::Exchange(a, b) | Step::Min(a, b) | Step::Max(a, b)) = step;
            kept.push(match (needed.contains(&a), needed.contains(&b)) {
                (false, false) => continue,
                (true, false) => Step::Min(a, b),
                (false, true) => Step::Max(a, b),
                (true, true) => step,
            });
            needed.extend([a, b]);
        }
        kept.reverse();
        Self { steps: kept, outputs }
    }
}

/// The smallest known sorting networks for 1 to 16 values: the wires of each comparator in turn, in hexadecimal.
///
/// From Bert Dobbelaere's list, <https://bertdobbelaere.github.io/sorting_networks.html>.
const SORTERS: [&[u8]; 16] = [
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
fn sorter(n: usize) -> impl Iterator<Item = (usize, usize)> {
    let digit = |byte: u8| usize::from(if byte < b'a' { byte - b'0' } else { byte - b'a' + 10 });
    SORTERS[n - 1].chunks(2).map(move |pair| (digit(pair[0]), digit(pair[1])))
}

/// A network for consecutive ranks of `rows` sorted groups of `length` values each.
struct Found {
    rows: usize,
    length: usize,
    /// The first rank, and the wires that have it and those after it at the end.
    rank: usize,
    outputs: &'static [usize],
    /// The two wires of each comparator in turn, each as the character with its number after `(`.
    comparators: &'static [u8],
}

/// The smallest known networks for the median of some numbers of values that are in no order.
///
/// From the collection that belongs to Bert Dobbelaere's SorterHunter, <https://github.com/bertdobbelaere/SorterHunter>, and
/// <https://bertdobbelaere.github.io/median_networks.html>.
const MEDIANS: &[Found] = &[
    Found { rows: 5, length: 1, rank: 2, outputs: &[2], comparators: b"()*+(*)+*,)**," },
    Found { rows: 7, length: 1, rank: 3, outputs: &[3], comparators: b"(.)*+,(*),+-()*-,.)+*,+,*+" },
    Found { rows: 9, length: 1, rank: 4, outputs: &[4], comparators: b"(/)*+-,0(*)-+0,/(+),*0-/+,-.*-,.*+,-+," },
    Found {
        rows: 11,
        length: 1,
        rank: 5,
        outputs: &[5],
        comparators: b"()*+,-./01(*)+,.-/)*-.(-),*/+.*-+,*0,102+0-2,-,0-0",
    },
    Found {
        rows: 13,
        length: 1,
        rank: 6,
        outputs: &[6],
        comparators: b"()*+,-./0123(0)1*,+-.2/3(.)/+,0213*.+2,0-1)+,./0+4-.+-.4-/.2-../",
    },
    Found {
        rows: 15,
        length: 1,
        rank: 7,
        outputs: &[7],
        comparators: b"(.)2*6+1,4-5/3(/*-+,.3021456,1-5./,/-1.5(-*,+./61345),-0.4).,/01,0-./412.0/1,./0./",
    },
    Found {
        rows: 17,
        length: 1,
        rank: 8,
        outputs: &[8],
        comparators: b"()*+,-./01234567(*)+,.-/02134657)*-5.612)1*2-.56),*5-0.1/236*.,/0315(0+3,4/718+0.1/4+/08/104./\
          01/0",
    },
    Found {
        rows: 19,
        length: 1,
        rank: 9,
        outputs: &[9],
        comparators: b")*+,-./012345678(*+-,./102354679(,)-*6+74859(5)4*.,9-837(),4-589,5-104,/-3.425)3.8/012*0.2/317\
          *1+3.607.103.013011:01",
    },
    Found {
        rows: 21,
        length: 1,
        rank: 10,
        outputs: &[10],
        comparators: b"()*+,-./0123456789:;(*)+,.-/021346578:9;)-*.+7,8596:)6*5+/-:.948(8)*+;-5.69:(,-6.2157;-0.4/536\
          *4/90123+1/30428+2,4/718/214/124122<12",
    },
    Found {
        rows: 23,
        length: 1,
        rank: 11,
        outputs: &[11],
        comparators: b")*+,-./0123456789:;<(*+-,./1023546798:;=(,)-*./30415267;8<9=(0)1*2+3,4-5.6/7*:,<-=08193;(3)0*,\
          +12<4=5:9;0124.41325,21739*3072;59,7-3.528.72>38.27>-2372337",
    },
    Found {
        rows: 25,
        length: 1,
        rank: 12,
        outputs: &[12],
        comparators: b"()*+,-./0123456789:;<=>?(*)+,.-/021346578:9;<>=?(,)-*.+/041526378<9=:>;?(0)1*2+3,4-5.6/7+;-=.>\
          /?08192:4<)4*1+-,23=5>6;:<1235/52436-3284:+4183<6:-8.4/639/83@49/38@.3483448",
    },
    Found {
        rows: 29,
        length: 1,
        rank: 14,
        outputs: &[14],
        comparators: b"()*+,-./0123456789:;<=>?@ABC(*)+,.-/021346578:9;<>=?@BAC(,)-*.+/08192:3;<@=A>B?C(<)=*>+?,@-A.B\
          /C2479)2+5.7/;0<4=6@9B+8/9162<3@5:*1+,-8.</=243>79:A?@,1-3.4/65<7=8>:?,/-5146>7:<?15346:78/537486</7364<584\
          5674657566D56",
    },
    Found {
        rows: 37,
        length: 1,
        rank: 18,
        outputs: &[18],
        comparators: b"()*+,-./0123456789:;<=>?@ABCDEFGHIJK(*)+,.-/021346578:9;<>=?@BACDFEGHJIK(,)-*.+/04152637<@=A>B\
          ?CDHEIFJGK(0)4*1+5,2-6.3/7<D=F>H?J@EAGBICK(F+A,0-K.42H6;8=?ECG)8+2,D-B.?/G1F364E;J=@AH*=0@2:3C6I9A/60>5C=D2\
          =5;6A8>/5184=6?;B>D+>-8/@3D4<5H7?;F-</>5D7F8:9;.9/<3>5@687D:E;=365<7>8:9;=@6978:=;<597;8<:>89:;8:9;9::L9:",
    },
    Found {
        rows: 45,
        length: 1,
        rank: 22,
        outputs: &[22],
        comparators: b"()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRS(*)+,.-/021346578:9;<>=?@BACDFEGHJIKLNMOPRQS(,)-*.\
          +/041526378@9A:B;CDHEIFJGKLPMQNROS(0)1*2+3,4-5.6/78<9=:@;A>B?CDLEMFNGOHPIQJRKS(D)E*F+G,H-I.J/K0L1M2N3O4P5Q6\
          R7S:>;?<@=A)0*D,:.H/?1>3M5B6;7Q9F<L=J@EAOKR-6.8/F0:2@3=5L;I>HAKCMEN-5/4182<7A:D?ICJFNGL+5-9/<4E6G7=8@;C>D?L\
          BNFP+>1<3D465;7H89=P?J@FBCEG345@679>;F=BDEGH457;<>=?@DFG576=9<>E?BDF5<6@7=;E>D?F7>;?<@=D;=>@;>=@=>>T=>",
    },
    Found {
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
    Found {
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
    Found {
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
const MERGED: &[Found] = &[
    Found {
        rows: 4,
        length: 5,
        rank: 7,
        outputs: &[18, 15, 19, 7, 8, 9],
        comparators: b"8):+(73(05.(9*;,4//+61*;-2)60(*79*:2-)84;(904)75.*;*/20,4:70)/7;):1*2601/2://0)7:;;/:71201",
    },
    Found {
        rows: 5,
        length: 5,
        rank: 12,
        outputs: &[20],
        comparators: b"49>472496@2<;62.=8+80:8@7.</9,4*+5).?.5:6/.569-40?+0643??84;;*;1)=3=.?=0;4.06>90;=4?4>4(>9(<.=\
          (==<>=<=",
    },
    Found {
        rows: 6,
        length: 7,
        rank: 17,
        outputs: &[31, 23, 38, 32, 36, 37, 25, 18],
        comparators: b">0KDJ.PBCQ=68?;4:AG9*M<5H,+2+NI-JC2N(/1FH39@L0/DP;G9)7F?>LA3*181G2(KO:F1:,E7-39+OHB-N@+2E)C<;I\
          I5QI,4;PHA)LA:K8EOD62N9=JC*O-@?M70.Q:-?1C.B,;LDGF?7LNC0J8GO>1PB2=8+BHALA:JM2,.7>6H/81LG8?06GA:+1:,G?8N0B87F\
          ;HL0H;GBL7GHB7+NM+)?1NAH1<PM<G>0)?G>N:LMAG>0GH):BNMN):1A1L)M:GN:B>HLAHMNHA:>?LMG?",
    },
    Found {
        rows: 7,
        length: 7,
        rank: 24,
        outputs: &[44],
        comparators: b"2UIP5JI;+@,O=K2+T8W4V:3VO:B;4;G9GNM1E0AH8*.QA,?FD/@UUPA32GB-M8+@8?4-U4BW,VIB>7)SS0F1L7UWLSCX@N\
          LUC</(,36R07>)OHRK979+S0BUG@R/O,(K/GE)0)E=6D=DG(S>J<*1,30,:V1,(DFT.5BDW*)K*K4+@47@.C9BBA4CTWD-*UA7(8W*?T*5J\
          QTW1DAG01>1X*T.D@).NDXN717XWJ.3N1WNMOOF8TFTN.X4IGGNUW7)UXG?:N)T?T:HU)?)TX)T:4T:)T",
    },
    Found {
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
    Found {
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

/// The size of a set of values. When more have come into being, a `Builder` forgets those that no wire holds any more.
const WORDS: usize = 8;

/// A set of values, by their numbers.
#[derive(Clone, Copy)]
struct Values([u64; WORDS]);

impl Values {
    const NONE: Self = Self([0; WORDS]);

    fn contains(&self, value: usize) -> bool {
        self.0[value / 64] >> (value % 64) & 1 != 0
    }

    fn insert(&mut self, value: usize) {
        self.0[value / 64] |= 1 << (value % 64);
    }

    fn remove(&mut self, value: usize) {
        self.0[value / 64] &= !(1 << (value % 64));
    }

    fn or(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }

    fn and(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] & other.0[i]))
    }

    fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(i, &word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
                rest &= rest - 1;
                Some(64 * i + bit)
            })
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Lesser,
    Greater,
}

/// That a value is the lesser or the greater of two others.
#[derive(Clone, Copy)]
struct Origin {
    kind: Kind,
    of: (usize, usize),
}

/// What is known of the value on a wire.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It may have a wanted rank, or lie between two.
    Open,
    /// Its rank is below the wanted ones.
    Low,
    /// Its rank is above the wanted ones.
    High,
}

/// A network in the making, and what is known about the order of the values that occur in it.
struct Builder {
    steps: Vec<Step>,
    /// The value that each wire holds.
    held: Vec<usize>,
    fate: Vec<Fate>,
    /// For each value after those of as many as there are wires: how it came about.
    origin: Vec<Origin>,
    /// For each value, those known to be less or equal, and those known to be greater or equal, itself included.
    below: Vec<Values>,
    above: Vec<Values>,
    /// The values on open wires, and how many they are.
    open: Values,
    count: usize,
    /// How many values turned out to be low, and the least and greatest wanted rank.
    low: usize,
    least: usize,
    greatest: usize,
}

impl Builder {
    /// Values in sorted groups: a group of one is a value of which nothing is known.
    fn new(groups: &[usize], ranks: &[usize]) -> Self {
        let n = groups.iter().sum();
        let mut builder = Self {
            steps: Vec::new(),
            held: (0..n).collect(),
            fate: vec![Fate::Open; n],
            origin: Vec::new(),
            below: vec![Values::NONE; n],
            above: vec![Values::NONE; n],
            open: Values::NONE,
            count: n,
            low: 0,
            least: ranks[0],
            greatest: ranks[ranks.len() - 1],
        };
        let mut start = 0;
        for &length in groups {
            for i in start..start + length {
                builder.open.insert(i);
                (start..=i).for_each(|j| builder.below[i].insert(j));
                (i..start + length).for_each(|j| builder.above[i].insert(j));
            }
            start += length;
        }
        builder.eliminate(0..n);
        builder
    }

    /// The lesser of two values becomes a value itself, and so does the greater.
    fn meet_and_join(&mut self, x: usize, y: usize) -> (usize, usize) {
        let below = self.below[x].and(&self.below[y]);
        let above = self.closure(self.above[x].or(&self.above[y]), Kind::Lesser);
        let meet = self.add(Origin { kind: Kind::Lesser, of: (x, y) }, below, above);
        let above = self.above[x].and(&self.above[y]);
        let below = self.closure(self.below[x].or(&self.below[y]), Kind::Greater);
        let join = self.add(Origin { kind: Kind::Greater, of: (x, y) }, below, above);
        (meet, join)
    }

    /// Adds to what is known to be above a new lesser value, or below a new greater one, what follows from that.
    ///
    /// The lesser of two is above if both are, the greater of two if one of them is; for below it is the other way round. With
    /// the obvious bounds of `meet_and_join` these are the rules that decide the order in a free lattice (Whitman 1941).
    fn closure(&self, mut set: Values, kind: Kind) -> Values {
        let given = self.held.len();
        let mut grown = false;
        for (value, origin) in (given..).zip(&self.origin) {
            if !set.contains(value) {
                let (x, y) = (set.contains(origin.of.0), set.contains(origin.of.1));
                // If one is in the set already because the other things in it are, so is what it bounds.
                if if origin.kind == kind { x && y } else { grown && (x || y) } {
                    set.insert(value);
                    grown = true;
                }
            }
        }
        set
    }

    fn add(&mut self, origin: Origin, mut below: Values, mut above: Values) -> usize {
        let value = self.below.len();
        for other in below.iter() {
            self.above[other].insert(value);
        }
        for other in above.iter() {
            self.below[other].insert(value);
        }
        below.insert(value);
        above.insert(value);
        self.origin.push(origin);
        self.below.push(below);
        self.above.push(above);
        value
    }

    /// Brings two wires into order, with a step if the order is not known: the one with the lesser value comes first.
    fn exchange(&mut self, a: usize, b: usize) -> (usize, usize) {
        let (x, y) = (self.held[a], self.held[b]);
        if self.fate[a] == Fate::Low || self.fate[b] == Fate::High || self.below[y].contains(x) {
            return (a, b);
        }
        if self.fate[b] == Fate::Low || self.fate[a] == Fate::High || self.below[x].contains(y) {
            return (b, a);
        }
        self.steps.push(Step::Exchange(a, b));
        if self.below.len() + 2 > 64 * WORDS {
            self.forget();
        }
        let (x, y) = (self.held[a], self.held[b]);
        (self.held[a], self.held[b]) = self.meet_and_join(x, y);
        for value in [x, y] {
            self.open.remove(value);
        }
        for wire in [a, b] {
            self.open.insert(self.held[wire]);
        }
        self.eliminate([a, b]);
        (a, b)
    }

    /// Numbers the values anew, leaving out those that no wire holds: what is known of the others stays known.
    fn forget(&mut self) {
        let wires = (0..self.held.len()).collect();
        let held = std::mem::replace(&mut self.held, wires);
        let translate = |set: &Values| {
            let mut translated = Values::NONE;
            (0..held.len()).filter(|&wire| set.contains(held[wire])).for_each(|wire| translated.insert(wire));
            translated
        };
        let below = held.iter().map(|&value| translate(&self.below[value])).collect();
        let above = held.iter().map(|&value| translate(&self.above[value])).collect();
        (self.below, self.above, self.open) = (below, above, translate(&self.open));
        self.origin.clear();
    }

    /// Finds the values that have too many greater or too many lesser ones to be wanted.
    fn eliminate(&mut self, wires: impl IntoIterator<Item = usize>) {
        for wire in wires {
            let value = self.held[wire];
            if self.fate[wire] != Fate::Open {
                continue;
            }
            if self.open.and(&self.above[value]).len() > self.count + self.low - self.least {
                self.fate[wire] = Fate::Low;
                self.low += 1;
            } else if self.open.and(&self.below[value]).len() > self.greatest + 1 - self.low {
                self.fate[wire] = Fate::High;
            } else {
                continue;
            }
            self.open.remove(value);
            self.count -= 1;
        }
    }

    /// Sorts the wires that are still open: those of them that still are, in ascending order of their values.
    fn sort(&mut self, wires: &[usize]) -> Vec<usize> {
        let sorted = self.sort_all(self.still_open(wires));
        self.eliminate(0..self.held.len());
        self.still_open(&sorted)
    }

    /// Sorts wires: the same ones in ascending order of their values.
    fn sort_all(&mut self, mut wires: Vec<usize>) -> Vec<usize> {
        if wires.len() > SORTERS.len() {
            let right = wires.split_off(wires.len().div_ceil(2));
            let (left, right) = (self.sort_all(wires), self.sort_all(right));
            return self.merge(&left, &right);
        }
        if !wires.is_empty() {
            for (i, j) in sorter(wires.len()) {
                (wires[i], wires[j]) = self.exchange(wires[i], wires[j]);
            }
        }
        wires
    }

    fn still_open(&self, wires: &[usize]) -> Vec<usize> {
        wires.iter().copied().filter(|&wire| self.fate[wire] == Fate::Open).collect()
    }

    /// Merges two sorted lists of wires: Batcher's odd-even merge, for any two lengths (Knuth, volume 3, 5.3.4).
    fn merge(&mut self, left: &[usize], right: &[usize]) -> Vec<usize> {
        let every_other = |list: &[usize], first: usize| -> Vec<usize> {
            list[first.min(list.len())..].iter().copied().step_by(2).collect()
        };
        match (left, right) {
            ([], list) | (list, []) => return list.to_vec(),
            (&[a], &[b]) => {
                let (a, b) = self.exchange(a, b);
                return vec![a, b];
            }
            _ => {}
        }
        let even = self.merge(&every_other(left, 0), &every_other(right, 0));
        let odd = self.merge(&every_other(left, 1), &every_other(right, 1));
        let mut merged = vec![even[0]];
        for i in 0..odd.len().max(even.len() - 1) {
            match (odd.get(i), even.get(i + 1)) {
                (Some(&a), Some(&b)) => merged.extend(<[usize; 2]>::from(self.exchange(a, b))),
                (Some(&a), None) | (None, Some(&a)) => merged.push(a),
                (None, None) => {}
            }
        }
        merged
    }

    /// Merges sorted lists of wires, two at a time, and gives up on the way what can't be wanted.
    fn merge_all(&mut self, mut lists: Vec<Vec<usize>>, first: First) -> Vec<usize> {
        loop {
            for list in &mut lists {
                *list = self.still_open(list);
            }
            lists.retain(|list| !list.is_empty());
            if lists.len() < 2 {
                return lists.pop().unwrap_or_default();
            }
            if first == First::Shortest {
                lists.sort_by_key(Vec::len);
            }
            let (i, j) = match first {
                First::Shortest => (0, 1),
                First::Middle => (lists.len() / 2 - 1, lists.len().div_ceil(2)),
            };
            let right = lists.remove(j);
            lists[i] = self.merge(&lists[i], &right);
            self.eliminate(0..self.held.len());
        }
    }

    /// The network, when a list has all wires that are still open in ascending order of their values.
    fn finish(self, sorted: &[usize], ranks: &[usize]) -> Network {
        let outputs = ranks.iter().map(|rank| sorted[rank - self.low]).collect();
        Network::pruned(self.steps, outputs)
    }
}

/// Which of several lists are merged first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    Shortest,
    Middle,
}

/// What stands in a place of a network that is larger than needed: a wire, or a value below or above all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slot {
    Low,
    Wire(usize),
    High,
}

impl Found {
    fn comparators(&self) -> impl Iterator<Item = (usize, usize)> {
        self.comparators.chunks(2).map(|pair| (usize::from(pair[0] - b'('), usize::from(pair[1] - b'(')))
    }

    /// The order statistics of sorted groups, by this network: the places that are too many are filled with values below and
    /// above all others, so that the ranks become those of the network. Nothing is left of the comparators that they meet.
    fn fit(&self, groups: &[usize], ranks: &[usize]) -> Option<Network> {
        let spare = (self.rows * self.length).checked_sub(groups.iter().sum())?;
        let low = self.rank.checked_sub(ranks[0])?;
        let outputs: Vec<usize> =
            ranks.iter().map(|rank| self.outputs.get(rank - ranks[0]).copied()).collect::<Option<_>>()?;
        if low > spare || groups.len() > self.rows || groups.iter().any(|&length| length > self.length) {
            return None;
        }
        if spare == 0 {
            let steps = self.comparators().map(|(a, b)| Step::Exchange(a, b)).collect();
            return Some(Network::pruned(steps, outputs));
        }
        let margin = (self.rows - groups.len()) / 2;
        let mut slots = Vec::with_capacity(self.rows * self.length);
        let (mut wires, mut spare_before) = (0, 0);
        for row in 0..self.rows {
            let length = row.checked_sub(margin).and_then(|group| groups.get(group)).copied().unwrap_or(0);
            let spare_after = spare_before + self.length - length;
            // The low ones are spread evenly over all the spare places.
            let lows = spare_after * low / spare - spare_before * low / spare;
            slots.extend(std::iter::repeat_n(Slot::Low, lows));
            slots.extend((wires..wires + length).map(Slot::Wire));
            slots.resize((row + 1) * self.length, Slot::High);
            (wires, spare_before) = (wires + length, spare_after);
        }
        let mut builder = Builder::new(groups, ranks);
        for (a, b) in self.comparators() {
            match (slots[a], slots[b]) {
                (Slot::Wire(x), Slot::Wire(y)) => {
                    let (lesser, greater) = builder.exchange(x, y);
                    (slots[a], slots[b]) = (Slot::Wire(lesser), Slot::Wire(greater));
                }
                (Slot::Low, _) | (_, Slot::High) => {}
                _ => slots.swap(a, b),
            }
        }
        let wire = |output: usize| if let Slot::Wire(wire) = slots[output] { Some(wire) } else { None };
        Some(Network::pruned(builder.steps, outputs.into_iter().map(wire).collect::<Option<_>>()?))
    }
}

/// The wires of groups, each group's after those of the group before.
fn wires_of(groups: &[usize]) -> Vec<Vec<usize>> {
    let mut end = 0;
    let wires = |length: &usize| {
        end += length;
        (end - length..end).collect()
    };
    groups.iter().map(wires).collect()
}

fn cheapest(networks: impl IntoIterator<Item = Network>) -> Network {
    networks.into_iter().min_by_key(Network::cost).expect("there is one")
}

/// All order statistics of `n` values.
pub fn sort(n: usize) -> Network {
    let ranks: Vec<usize> = (0..n).collect();
    let mut builder = Builder::new(&vec![1; n], &ranks);
    let sorted = builder.sort_all(ranks);
    Network::pruned(builder.steps, sorted)
}

/// The order statistics of `n` values, which are on the wires from 0. The ranks, at least one, count from 0 and ascend.
pub fn select(n: usize, ranks: &[usize]) -> Network {
    let groups = vec![1; n];
    if let Some(network) = MEDIANS.iter().find_map(|found| found.fit(&groups, ranks)) {
        return network;
    }
    // The median of a larger square window is not in the list above, but in the one of sorted rows.
    for found in MERGED.iter().filter(|found| found.rows * found.length == n && n > SORTERS.len()) {
        let rows = vec![found.length; found.rows];
        if let Some(merge) = found.fit(&rows, ranks) {
            return sort_first(&rows, merge);
        }
    }
    let in_blocks = |block| {
        let mut builder = Builder::new(&groups, ranks);
        let wires: Vec<usize> = (0..n).collect();
        let lists = wires.chunks(block).map(|wires| builder.sort(wires)).collect();
        let sorted = builder.merge_all(lists, First::Shortest);
        builder.finish(&sorted, ranks)
    };
    cheapest([SORTERS.len(), 8].map(in_blocks))
}

/// The order statistics of values in groups that are sorted already. The wires of each group follow those of the group
/// before, in ascending order of their values.
pub fn merge(groups: &[usize], ranks: &[usize]) -> Network {
    let found = MERGED.iter().find_map(|found| Some((found, found.fit(groups, ranks)?)));
    let found = match found {
        Some((found, network)) if groups.iter().sum::<usize>() == found.rows * found.length => return network,
        found => found.map(|(_, network)| network),
    };
    let merged = |first| {
        let mut builder = Builder::new(groups, ranks);
        let sorted = builder.merge_all(wires_of(groups), first);
        builder.finish(&sorted, ranks)
    };
    cheapest([merged(First::Middle), merged(First::Shortest), merge_crosswise(groups, ranks)].into_iter().chain(found))
}

/// `merge` for groups of about the same length.
///
/// Sorting each column of sorted rows leaves the rows sorted. Then the diagonals are sorted that join values of about the same
/// rank. For three rows of three that is all that is needed (Paeth 1990); for more it makes merging cheaper.
fn merge_crosswise(groups: &[usize], ranks: &[usize]) -> Network {
    let mut builder = Builder::new(groups, ranks);
    let lists = wires_of(groups);
    let longest = groups.iter().copied().max().unwrap_or(0);
    let mut diagonals = vec![Vec::new(); longest + groups.len()];
    for i in 0..longest {
        let place = |list: &Vec<usize>| list.get(i.checked_sub((longest - list.len()) / 2)?).copied();
        let column: Vec<usize> = lists.iter().filter_map(place).collect();
        for (j, wire) in builder.sort_all(column).into_iter().enumerate() {
            diagonals[i + j].push(wire);
        }
    }
    let diagonals = diagonals.iter().map(|wires| builder.sort(wires)).collect();
    let sorted = builder.merge_all(diagonals, First::Shortest);
    builder.finish(&sorted, ranks)
}

/// A network for sorted groups, after one that sorts them.
fn sort_first(groups: &[usize], merge: Network) -> Network {
    let (mut steps, mut sorted) = (Vec::new(), Vec::new());
    for wires in wires_of(groups) {
        let sort = sort(wires.len());
        steps.extend(sort.steps.iter().map(|step| step.on(&wires)));
        sorted.extend(sort.outputs.iter().map(|&output| wires[output]));
    }
    steps.extend(merge.steps.iter().map(|step| step.on(&sorted)));
    Network::pruned(steps, merge.outputs.iter().map(|&output| sorted[output]).collect())
}

/// How to find the order statistics of several windows that have most of their values in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlapping {
    /// For the sorted groups in common: those of their values that can have a wanted rank in a window, in ascending order.
    pub common: Network,
    /// For a window: its wires are the outputs of `common`, and then the sorted groups of its own.
    pub own: Network,
}

/// The order statistics of each of some windows, which share the sorted groups `common` and have groups as long as `own` to
/// themselves, such as neighbours in a column, which share all rows but one.
///
/// Few of the values in common matter: with `m` more values, what has rank `r` in the window has rank `r - m` to `r` here.
pub fn select_overlapping(common: &[usize], own: &[usize], ranks: &[usize]) -> Overlapping {
    let in_common: usize = common.iter().sum();
    let first = ranks[0].saturating_sub(own.iter().sum());
    let last = ranks[ranks.len() - 1].min(in_common - 1);
    let candidates: Vec<usize> = (first..=last).collect();
    let groups: Vec<usize> = [candidates.len()].iter().chain(own).copied().collect();
    let ranks: Vec<usize> = ranks.iter().map(|rank| rank - first).collect();
    Overlapping { common: merge(common, &candidates), own: merge(&groups, &ranks) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn run<T: Copy>(steps: &[Step], wires: &mut [T], min: impl Fn(T, T) -> T, max: impl Fn(T, T) -> T) {
        for &step in steps {
            let (Step::Exchange(a, b) | Step::Min(a, b) | Step::Max(a, b)) = step;
            let (x, y) = (wires[a], wires[b]);
            if !matches!(step, Step::Max(..)) {
                wires[a] = min(x, y);
            }
            if !matches!(step, Step::Min(..)) {
                wires[b] = max(x, y);
            }
        }
    }

    /// Some neighbouring wires, and what occurs on them of zeros and ones: how many ones, and which, from the first wire on.
    struct Block {
        length: usize,
        inputs: Vec<(usize, u128)>,
    }

    impl Block {
        fn new(length: usize, inputs: impl IntoIterator<Item = u128>) -> Self {
            let inputs = inputs.into_iter().map(|input| (input.count_ones() as usize, input)).collect();
            Self { length, inputs }
        }

        fn sorted(length: usize) -> Self {
            Self::new(length, (0..=length).map(|zeros| (1 << length) - (1 << zeros)))
        }
    }

    /// Calls a function for all combinations of the inputs of several blocks that have so many ones.
    fn combine(blocks: &[Block], ones: usize, start: usize, before: u128, visit: &mut impl FnMut(u128)) {
        let [block, rest @ ..] = blocks else { return visit(before) };
        let most: usize = rest.iter().map(|block| block.length).sum();
        for &(more, input) in &block.inputs {
            if more <= ones && ones <= more + most {
                combine(rest, ones - more, start + block.length, before | input << start, visit);
            }
        }
    }

    /// Whether a network is right for all combinations of the inputs listed for blocks of wires. By the 0-1 principle it is
    /// right for all values if those are all that can occur.
    ///
    /// As it is monotone, the inputs matter that have just enough ones for the output to be one, or one too few: the others
    /// are above or below one of them, since fewer or more ones given to a network are fewer or more wherever they come out.
    fn is_right(blocks: &[Block], steps: &[Step], outputs: &[usize], ranks: &[usize]) -> bool {
        let n: usize = blocks.iter().map(|block| block.length).sum();
        let numbers: BTreeSet<usize> = ranks.iter().flat_map(|rank| [n - rank - 1, n - rank]).collect();
        let mut right = true;
        for ones in numbers {
            let mut check = |inputs: &mut Vec<u128>| {
                let mut wires = vec![0_u64; n];
                for (bit, mut input) in inputs.drain(..).enumerate() {
                    while input != 0 {
                        wires[input.trailing_zeros() as usize] |= 1 << bit;
                        input &= input - 1;
                    }
                }
                let all = wires.iter().fold(0, |all, wire| all | wire);
                run(steps, &mut wires, |x, y| x & y, |x, y| x | y);
                let expected = |rank| if ones >= n - rank { all } else { 0 };
                right &= outputs.iter().zip(ranks).all(|(&output, &rank)| wires[output] == expected(rank));
            };
            let mut inputs = Vec::new();
            combine(blocks, ones, 0, 0, &mut |input| {
                inputs.push(input);
                if inputs.len() == 64 {
                    check(&mut inputs);
                }
            });
            check(&mut inputs);
        }
        right
    }

    fn is_right_sorted(groups: &[usize], network: &Network, ranks: &[usize]) -> bool {
        let blocks: Vec<_> = groups.iter().map(|&length| Block::sorted(length)).collect();
        is_right(&blocks, &network.steps, &network.outputs, ranks)
    }

    /// The same for a network whose first steps stay within blocks of wires: what can come out of them is found for each block.
    fn is_right_in_blocks(lengths: &[usize], network: &Network, ranks: &[usize]) -> bool {
        let places = wires_of(lengths);
        let network_wires: usize = lengths.iter().sum();
        let block_of = |wire: usize| places.iter().position(|wires| wires.contains(&wire));
        let mut left = HashSet::new();
        let (mut within, mut after) = (Vec::new(), Vec::new());
        for &step in &network.steps {
            let (Step::Exchange(a, b) | Step::Min(a, b) | Step::Max(a, b)) = step;
            if block_of(a) == block_of(b) && !left.contains(&a) && !left.contains(&b) {
                // Exchanges keep the number of ones. What a lone minimum or maximum leaves is read by nothing.
                within.push(Step::Exchange(a, b));
            } else {
                left.extend([a, b]);
                after.push(step);
            }
        }
        let reachable = |wires: &Vec<usize>| {
            let mut found = HashSet::new();
            for input in 0..1_u128 << wires.len() {
                let mut values: Vec<u128> = (0..network_wires).map(|wire| input << wires[0] >> wire & 1).collect();
                run(&within, &mut values, u128::min, u128::max);
                found.insert(wires.iter().rev().fold(0, |found, &wire| found << 1 | values[wire]));
            }
            Block::new(wires.len(), found)
        };
        let blocks: Vec<_> = places.iter().map(reachable).collect();
        is_right(&blocks, &after, &network.outputs, ranks)
    }

    /// Tries inputs at random: zeros and ones, so that about half the values around the wanted rank are equal.
    fn try_at_random(groups: &[usize], network: &Network, ranks: &[usize], random: &mut fastrand::Rng) {
        let n: usize = groups.iter().sum();
        for _ in 0..100 {
            let mut values: Vec<usize> = (0..n).collect();
            random.shuffle(&mut values);
            for wires in wires_of(groups).iter().filter(|wires| !wires.is_empty()) {
                values[wires[0]..wires[0] + wires.len()].sort_unstable();
            }
            run(&network.steps, &mut values, usize::min, usize::max);
            let found: Vec<usize> = network.outputs.iter().map(|&output| values[output]).collect();
            assert_eq!(found, ranks, "{groups:?}");
        }
    }

    /// Some ranks of `n` values, in ascending order.
    fn some_ranks(n: usize, random: &mut fastrand::Rng) -> Vec<usize> {
        let first = random.usize(..n);
        match random.usize(..4) {
            0 => vec![first],
            1 => vec![first, n - 1],
            2 => (first..n.min(first + 2)).collect(),
            _ => (first..n.min(first + random.usize(1..20))).collect(),
        }
    }

    #[test]
    fn few_values_proven_for_all_ranks() {
        for n in 1..=16 {
            let ranks: Vec<usize> = (0..n).collect();
            let network = sort(n);
            assert!(is_right_sorted(&vec![1; n], &network, &ranks), "sort {n}");
            assert_eq!(network.cost(), 2 * [0, 1, 3, 5, 9, 12, 16, 19, 25, 29, 35, 39, 45, 51, 56, 60][n - 1]);
            for &rank in &ranks {
                assert!(is_right_sorted(&vec![1; n], &select(n, &[rank]), &[rank]), "rank {rank} of {n}");
            }
            for pair in ranks.windows(2) {
                assert!(is_right_sorted(&vec![1; n], &select(n, pair), pair), "ranks {pair:?} of {n}");
            }
        }
    }

    /// Proves the networks of the tables for numbers of values in a range. (Those for the medians of 57 and 63 have too many
    /// inputs even so; they are only tried.)
    fn prove_tables(sizes: std::ops::Range<usize>) {
        for n in MEDIANS.iter().map(|found| found.rows).filter(|&n| n < 50 && sizes.contains(&n)) {
            let block = if n < 30 { 8 } else { 16 };
            let blocks: Vec<usize> = (0..n).step_by(block).map(|start| (n - start).min(block)).collect();
            assert!(is_right_in_blocks(&blocks, &select(n, &[n / 2]), &[n / 2]), "median of {n}");
        }
        for found in MERGED.iter().filter(|found| sizes.contains(&(found.rows * found.length))) {
            let groups = vec![found.length; found.rows];
            let ranks: Vec<usize> = (found.rank..found.rank + found.outputs.len()).collect();
            assert!(is_right_sorted(&groups, &merge(&groups, &ranks), &ranks), "{groups:?}");
        }
    }

    #[test]
    fn tables_proven() {
        prove_tables(0..43);
    }

    #[test]
    #[ignore = "a hundred million inputs, for an optimised build"]
    fn large_tables_proven() {
        prove_tables(43..82);
    }

    /// That a network needs so many minima and maxima is the point of it.
    #[test]
    fn costs() {
        let plain = [3, 5, 7, 9, 13, 21, 25, 29, 37, 49, 81].map(|n| select(n, &[n / 2]).cost());
        assert_eq!(plain, [4, 10, 20, 30, 52, 112, 146, 186, 270, 414, 1034]);
        let squares = [3, 5, 7, 9].map(|n| merge(&vec![n; n], &[n * n / 2]).cost());
        assert_eq!(squares, [12, 78, 234, 584]);
        let discs: [&[usize]; 4] = [&[1, 3, 5, 3, 1], &[3, 5, 5, 5, 3], &[1, 5, 5, 7, 5, 5, 1], &[3, 5, 7, 7, 7, 5, 3]];
        let discs = discs.map(|groups| merge(groups, &[groups.iter().sum::<usize>() / 2]).cost());
        assert_eq!(discs, [34, 70, 142, 188]);
        let pairs = [3, 5, 7, 9].map(|n| {
            let pair = select_overlapping(&vec![n; n - 1], &[n], &[n * n / 2]);
            (pair.common.cost(), pair.own.cost())
        });
        assert_eq!(pairs, [(10, 6), (76, 10), (248, 14), (552, 18)]);
    }

    #[test]
    fn overlapping_windows() {
        let mut random = fastrand::Rng::with_seed(3);
        let cases: [(&[usize], &[usize], &[usize]); 6] = [
            (&[3, 3], &[3], &[4]),
            (&[5; 4], &[5], &[12]),
            (&[10, 5, 5], &[5], &[11, 12]),
            (&[3, 5, 5, 3], &[1, 2], &[0, 18]),
            (&[2], &[7], &[4]),
            (&[7; 6], &[7], &[24]),
        ];
        for (common, own, ranks) in cases {
            let network = select_overlapping(common, own, ranks);
            let groups = [common, own].concat();
            let (n, in_common) = (groups.iter().sum(), common.iter().sum());
            for _ in 0..200 {
                let mut values: Vec<usize> = (0..n).collect();
                random.shuffle(&mut values);
                for wires in wires_of(&groups) {
                    values[wires[0]..wires[0] + wires.len()].sort_unstable();
                }
                let of_own = values.split_off(in_common);
                run(&network.common.steps, &mut values, usize::min, usize::max);
                let mut window: Vec<usize> = network.common.outputs.iter().map(|&output| values[output]).collect();
                window.extend(of_own);
                run(&network.own.steps, &mut window, usize::min, usize::max);
                let found: Vec<usize> = network.own.outputs.iter().map(|&output| window[output]).collect();
                assert_eq!(found, ranks, "{common:?} {own:?}");
            }
        }
    }

    #[test]
    fn any_number_of_values() {
        let mut random = fastrand::Rng::with_seed(1);
        for n in (1..=21).chain((27..=81).step_by(6)).chain([49]) {
            for ranks in [vec![n / 2], some_ranks(n, &mut random)] {
                try_at_random(&vec![1; n], &select(n, &ranks), &ranks, &mut random);
            }
        }
    }

    #[test]
    fn any_groups() {
        let mut random = fastrand::Rng::with_seed(2);
        for _ in 0..100 {
            let groups: Vec<usize> = (0..random.usize(1..=9)).map(|_| random.usize(1..=9)).collect();
            let n = groups.iter().sum();
            let ranks = some_ranks(n, &mut random);
            let network = merge(&groups, &ranks);
            try_at_random(&groups, &network, &ranks, &mut random);
            if groups.iter().map(|length| length + 1).product::<usize>() < 100_000 {
                assert!(is_right_sorted(&groups, &network, &ranks), "{groups:?} {ranks:?}");
            }
        }
    }
}
